"""The controller in virtual time: what the research measured, and the order of limits."""

from dataclasses import replace

import pytest

from kubeproof.manifests.objects import Autoscaler, ScalingRule, ScalingRules
from kubeproof.rules.autoscaler_simulation import slowest_growth, worst_shrink

ONE_A_MINUTE = ScalingRules((ScalingRule("Pods", 1, 60),), 0)
ONE_IN_FIVE = ScalingRules((ScalingRule("Pods", 1, 300),), 300)
OURS = Autoscaler("grow", "shop", 2, 5, up=ONE_A_MINUTE, down=ONE_IN_FIVE)


def dropped(autoscaler, **how):
    step = worst_shrink(autoscaler, **how)
    return step.before - step.after


def test_each_step_up_waits_a_period_and_one_look_more():
    assert [slowest_growth(OURS, goal) for goal in (2, 3, 4, 5)] == [100, 100, 175, 250]


def test_a_window_of_the_way_up_comes_first():
    slow = replace(OURS, up=replace(ONE_A_MINUTE, window=120))
    assert slowest_growth(slow, 3) == 220


def test_a_way_up_that_is_disabled_never_arrives():
    assert slowest_growth(replace(OURS, up=replace(ONE_A_MINUTE, select="Disabled")), 3) is None


@pytest.mark.parametrize(("select", "seconds"), [("Max", 100), ("Min", 250)])
def test_of_two_rules_the_greater_or_the_smaller_change_counts(select, seconds):
    both = ScalingRules((ScalingRule("Pods", 1, 60), ScalingRule("Percent", 200, 60)), 0, select)
    assert slowest_growth(replace(OURS, up=both), 5) == seconds


@pytest.mark.parametrize(("window", "pods"), [(300, 1), (299, 2), (60, 3), (0, 3)])
def test_a_window_shorter_than_the_period_gives_back_what_was_just_added(window, pods):
    assert dropped(replace(OURS, down=replace(ONE_IN_FIVE, window=window)), just_grown=True) == pods
    assert dropped(replace(OURS, down=replace(ONE_IN_FIVE, window=window)), just_grown=False) == 1


def test_a_percentage_takes_its_share():
    half = ScalingRules((ScalingRule("Percent", 50, 60),), 300)
    assert dropped(Autoscaler("grow", "shop", 1, 10, down=half), just_grown=False) == 5


def test_a_way_down_that_is_disabled_takes_nobody():
    assert dropped(replace(OURS, down=replace(ONE_IN_FIVE, select="Disabled")), just_grown=True) == 0


def test_the_api_s_own_way_down_goes_to_the_minimum_at_once():
    assert dropped(Autoscaler("grow", "shop", 1, 20), just_grown=False) == 19
