"""Scripted faults."""

from __future__ import annotations

import http.client
import threading
import time
from typing import Any

import pytest
from support.emulator import (
    connect,
    get,
)

from hydra_client.emulator import HydraEmulator


def test_a_status(hydra: HydraEmulator) -> None:
    fault = hydra.fail("/health/*", status=503, body="later", headers={"Retry-After": "1"}, times=2)
    connection = connect(hydra)
    connection.request("GET", "/health/status")
    response = connection.getresponse()
    assert (response.status, response.reason) == (503, "Service Unavailable")
    assert response.read() == b"later"
    assert response.headers["Retry-After"] == "1"
    connection.close()
    assert get(hydra, "/nope")[0] == 404
    assert get(hydra)[0] == 503
    assert get(hydra)[0] == 200
    assert fault.hits == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"path": "clients"}, r"path must begin with / or \*, not 'clients'"),
        ({"path": "/clients?x"}, "path must end before the query, not '/clients.x': remove"),
        ({"path": "/clients#x"}, "path must end before the query"),
        ({"path": None}, "path must be a string, not NoneType"),
        ({"method": "GET,POST"}, "method must be one HTTP method, or . for all, not 'GET,POST'"),
        ({"method": ""}, "method must be one HTTP method"),
        ({"status": "503"}, "status must be an integer or None, not str"),
        ({"status": 100}, "status must be from 200 to 999, not 100"),
        ({"status": 503, "headers": "x"}, "headers must be a mapping, not str"),
        ({"status": 503, "body": {"a": 1}}, "body must be a string or bytes, not dict"),
        ({"delay": "1"}, "delay must be a number, not str"),
        ({"delay": -1}, "delay must be a number of seconds, 0 or more, not -1"),
        ({"delay": float("nan")}, "delay must be a number of seconds, 0 or more, not nan"),
        ({"delay": float("inf")}, "delay must be a number of seconds, 0 or more, not inf"),
        ({"reset": "no"}, "reset must be a bool, not str"),
        ({"cut": -1}, "cut must be 0 or more, or None, not -1"),
        ({"times": "x"}, "times must be an integer or None, not str"),
        ({"times": -1}, "times must be 0 or more, or None, not -1"),
    ],
)
def test_faults_that_cannot_work(arguments: dict[str, Any], message: str) -> None:
    hydra = HydraEmulator()
    with pytest.raises((TypeError, ValueError), match=f"^{message}"):
        hydra.fail(**arguments)
    assert hydra._faults == []


def test_headers_are_those_of_the_call(hydra: HydraEmulator) -> None:
    headers = {"Retry-After": "1"}
    fault = hydra.fail("/health/status", status=503, headers=headers)
    headers.clear()
    assert fault.headers == {"Retry-After": "1"}


def test_a_method_in_lower_case(hydra: HydraEmulator) -> None:
    fault = hydra.fail("/health/status", method="get", status=503)
    assert [get(hydra)[0] for _ in range(2)] == [503, 200]
    assert fault.hits == 1


def test_every_request_and_one_method(hydra: HydraEmulator) -> None:
    hydra.fail(method="POST", status=500)
    fault = hydra.fail(status=418, times=None)
    assert [get(hydra)[0] for _ in range(3)] == [418, 418, 418]
    assert fault.hits == 3
    hydra.reset()
    assert get(hydra)[0] == 200


def test_a_reset_connection(hydra: HydraEmulator) -> None:
    hydra.fail(reset=True)
    with pytest.raises(ConnectionError):
        get(hydra)
    assert get(hydra)[0] == 200


def test_a_cut_body(hydra: HydraEmulator) -> None:
    hydra.fail(cut=5)
    with pytest.raises(http.client.IncompleteRead) as raised:
        get(hydra)
    assert raised.value.partial == b'{"sta'
    hydra.fail(status=502, body=b"whole", cut=0)
    with pytest.raises(http.client.IncompleteRead):
        get(hydra)


def test_a_delay_ends_with_the_server() -> None:
    with HydraEmulator() as hydra:
        fault = hydra.fail(delay=60.0)
        outcome: list[object] = []

        def ask() -> None:
            try:
                outcome.append(get(hydra))
            except (OSError, http.client.HTTPException) as error:
                outcome.append(error)

        asking = threading.Thread(target=ask)
        asking.start()
        while fault.hits == 0:
            time.sleep(0.001)
        begun = time.monotonic()
    assert time.monotonic() - begun < 30
    asking.join()
    assert len(outcome) == 1


def test_a_delay_comes_before_the_response(hydra: HydraEmulator) -> None:
    hydra.fail(delay=0.01)
    assert get(hydra)[0] == 200
