"""Waitress's parser, stricter in one thing: a request says once where it ends."""

from waitress.parser import HTTPRequestParser, ParsingError


class Request(HTTPRequestParser):  # type: ignore[misc]
    """A request as it comes in."""

    def parse_header(self, header_plus: bytes) -> None:
        """Read the request line and the header; raises ParsingError, which becomes a 400."""
        super().parse_header(header_plus)
        # A proxy that believes the other of the two sees the next request begin elsewhere (RFC 9112, 6.3 and 11.2).
        if self.chunked and "CONTENT_LENGTH" in self.headers:
            raise ParsingError("Content-Length beside Transfer-Encoding")
