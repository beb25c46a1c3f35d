"""What the doctor sees of OMERO.web, on a real web server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import pytest

from irods_omero.doctor.facts.records import WebFacts
from irods_omero.doctor.facts.web_facts import observe_web

LOGIN = "<title>OMERO.web - Login</title> ... <p>OMERO.web 5.29.1.<br/>"


class Site(BaseHTTPRequestHandler):
    """Answers as OMERO.web does to somebody who is not logged in (omero-69); beside it are other pages."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/omero/webclient/":
            self.send_response(302)
            self.send_header("Location", "/omero/webclient/login/?url=" + quote(self.path, safe=""))
            self.end_headers()
        elif path == "/omero/webclient/login/":
            self.answer(200, LOGIN)
        elif path == "/public/webclient/":
            self.answer(200, '<link rel="stylesheet" href="/static/webgateway/css/ome.base.css">')
        elif path == "/shop/webclient/":
            self.answer(200, "<title>Microscopes</title>")
        elif path == "/round/webclient/":
            self.send_response(302)
            self.send_header("Location", self.path)
            self.end_headers()
        else:
            self.answer(404, "Not Found")

    def answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_link_leads_to_the_login_page_which_knows_the_image(site: str) -> None:
    link = f"{site}/omero/webclient/?show=image-1"
    landed = f"{site}/omero/webclient/login/?url=%2Fomero%2Fwebclient%2F%3Fshow%3Dimage-1"
    assert observe_web(f"{site}/omero") == WebFacts(link, "", 200, landed, True, "5.29.1")


def test_a_page_of_omero_web_without_its_name_is_known_by_its_styles(site: str) -> None:
    seen = observe_web(f"{site}/public")
    assert (seen.status, seen.is_omero, seen.version, seen.landed) == (200, True, "", seen.link)


def test_another_site_is_seen_to_be_one(site: str) -> None:
    seen = observe_web(f"{site}/shop")
    assert (seen.status, seen.is_omero, seen.version) == (200, False, "")


def test_a_wrong_prefix_is_seen(site: str) -> None:
    assert observe_web(site).status == 404


def test_redirections_without_end_are_said(site: str) -> None:
    assert "redirects" in observe_web(f"{site}/round").unreachable


def test_a_server_that_is_down_is_said(site: str) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as gone:
        port = gone.server_port
    assert "refused" in observe_web(f"http://127.0.0.1:{port}").unreachable


def test_no_address_is_no_link() -> None:
    assert observe_web("") == WebFacts()
