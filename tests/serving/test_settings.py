"""A wrong variable is one clear sentence that names it."""

import pytest

from serving.settings import Mode, SettingsError, choice, http_url, mode, number, port, seconds, text


@pytest.mark.parametrize("value", ["", "0", "65536", "-1", "+5", "5 ", "5000.0", "five", "٥", "1" * 5000])
def test_a_wrong_port_is_refused_by_name(value: str) -> None:
    with pytest.raises(SettingsError, match="PORT must be a port between 1 and 65535") as refused:
        port({"PORT": value}, "PORT", 1)
    assert "\n" not in str(refused.value)


def test_a_service_link_of_kubernetes_is_told_from_a_port() -> None:
    with pytest.raises(SettingsError, match=r"MICROSERVICE_1_PORT .* enableServiceLinks"):
        port({"MICROSERVICE_1_PORT": "tcp://10.0.0.7:5000"}, "MICROSERVICE_1_PORT", 1)


def test_a_port_that_is_not_set_is_the_default() -> None:
    assert (port({}, "PORT", 5000), port({"PORT": "65535"}, "PORT", 1)) == (5000, 65535)


def test_the_mode_is_production_unless_said_otherwise() -> None:
    assert mode({}) is Mode.PRODUCTION
    assert mode({"FLASK_ENV": "development"}) is Mode.DEVELOPMENT


@pytest.mark.parametrize("value", ["", "Production", "test", " development"])
def test_an_unknown_mode_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match="FLASK_ENV must be production or development"):
        mode({"FLASK_ENV": value})


def test_a_text_may_be_missing_only_with_a_default() -> None:
    assert text({}, "DB_HOST", "postgres") == "postgres"
    with pytest.raises(SettingsError, match="DB_PASSWORD is not set"):
        text({}, "DB_PASSWORD")
    with pytest.raises(SettingsError, match="DB_NAME must not be empty"):
        text({"DB_NAME": " "}, "DB_NAME")


@pytest.mark.parametrize(
    "value", ["", "items:5000", "ftp://items", "http://", "http://h:x", "http://[::1", "http://h:0"]
)
def test_a_wrong_url_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match="URL must be a URL like"):
        http_url({"URL": value}, "URL", "")


def test_a_url_with_a_password_is_refused_without_repeating_it() -> None:
    with pytest.raises(SettingsError) as refused:
        http_url({"URL": "http://me:hunter2@items:5000"}, "URL", "")
    assert "hunter2" not in str(refused.value)


def test_a_url_loses_the_slash_at_its_end() -> None:
    assert http_url({"URL": "http://items:5000/"}, "URL", "") == "http://items:5000"


@pytest.mark.parametrize("value", ["", "0", "101", "-1", "1.5", "ten", "٥", "1" * 5000])
def test_a_number_outside_its_bounds_is_refused_by_name(value: str) -> None:
    with pytest.raises(SettingsError, match="THREADS must be a whole number from 1 to 100"):
        number({"THREADS": value}, "THREADS", 8, least=1, most=100)


def test_a_number_may_be_either_bound_and_has_a_default() -> None:
    read = [number({"N": value}, "N", 8, least=1, most=100) for value in ("1", "100")]
    assert [*read, number({}, "N", 8, least=1, most=100)] == [1, 100, 8]


@pytest.mark.parametrize("value", ["", "-1", "1e3", "nan", "inf", "30s", "86401", "٣", " 5"])
def test_a_wrong_length_of_time_is_refused_by_name(value: str) -> None:
    with pytest.raises(SettingsError, match="READY_DB_GRACE must be seconds from 0 to 86400"):
        seconds({"READY_DB_GRACE": value}, "READY_DB_GRACE", 30)


def test_a_length_of_time_may_be_nothing_or_a_fraction() -> None:
    assert [seconds({"S": value}, "S", 30) for value in ("0", "0.5", "86400")] == [0.0, 0.5, 86400.0]
    assert seconds({}, "S", 30) == 30.0


def test_a_choice_is_one_of_its_words() -> None:
    words = ("disable", "require")
    assert choice({}, "DB_SSLMODE", "disable", words) == "disable"
    assert choice({"DB_SSLMODE": "require"}, "DB_SSLMODE", "disable", words) == "require"
    with pytest.raises(SettingsError, match="DB_SSLMODE must be one of disable, require, not 'Require'"):
        choice({"DB_SSLMODE": "Require"}, "DB_SSLMODE", "disable", words)
