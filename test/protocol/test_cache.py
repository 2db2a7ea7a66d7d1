"""One caller does the work, the others share the outcome, and no caller waits for ever."""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
import threading
import time
from collections.abc import Callable

import pytest
from support.crowd import Crowd, seconds_left, waiting
from support.fork import fork

from hydra_client.exceptions import (
    ApiConnectionError,
    ApiException,
    ApiTimeoutError,
    ApiValueError,
    HydraException,
)
from hydra_client.protocol.cache import Cache, shared
from hydra_client.protocol.deadline import Deadline
from hydra_client.protocol.effects import Invoke, ask
from hydra_client.transport.waiting import Alarm, drive


def share(flights: Cache[str], key: str, work: Callable[[], str]) -> str:
    return drive(shared(flights, key, ask(Invoke(work)), seconds_left(), Alarm()))


class Work:
    """Counts its runs; each stops at a gate first, and then does what the test said."""

    def __init__(self, *outcomes: object) -> None:
        self.outcomes = list(outcomes)
        self.begun = threading.Semaphore(0)
        self.gate = threading.Event()
        self.runs = 0
        self.left: float | None = None

    def __call__(self) -> str:
        self.runs += 1
        self.left = seconds_left()
        self.begun.release()
        assert self.gate.wait(90)
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, BaseException):
            raise outcome
        return str(outcome)


def within(seconds: float, action: Callable[[], object]) -> Callable[[], object]:
    """The action, as part of a call that may take so long."""
    return lambda: Deadline(seconds).run(action)


def fly(flights: Cache[str], work: Callable[[], str]) -> Callable[[], str]:
    return lambda: share(flights, "key", work)


def test_one_works_and_all_get_what_it_got() -> None:
    flights: Cache[str] = Cache()
    work = Work("result", "next")
    with Crowd() as crowd:
        crowd.send(64, fly(flights, work))
        waiting(flights, 63)
        work.gate.set()
    assert crowd.results == ["result"] * 64
    assert work.runs == 1
    assert share(flights, "key", work) == "next", "nothing is remembered"


def test_keys_do_not_wait_for_each_other() -> None:
    flights: Cache[str] = Cache()
    work = Work("slow")
    with Crowd() as crowd:
        crowd.send(1, fly(flights, work))
        assert work.begun.acquire(timeout=30)
        assert share(flights, "other", lambda: "quick") == "quick"
        work.gate.set()
    assert crowd.results == ["slow"]


def test_who_has_something_meanwhile_does_not_wait() -> None:
    flights: Cache[str] = Cache()
    work = Work("new", "newer")

    def new_or_old() -> str:
        return drive(shared(flights, "key", ask(Invoke(work)), None, Alarm(), "old"))

    with Crowd() as crowd:
        crowd.send(1, new_or_old)
        assert work.begun.acquire(timeout=30)
        assert new_or_old() == "old"
        work.gate.set()
    assert crowd.results == ["new"]
    assert new_or_old() == "newer", "nobody is at work: it works itself"


def test_all_get_the_error_each_its_own_copy() -> None:
    flights: Cache[str] = Cache()
    cause = OSError("the system said no")
    error = ApiException("no", status=503, headers={"a": "b"}, retry_after=3.0)
    error.__cause__ = cause
    work = Work(error, "recovered")
    with Crowd() as crowd:
        crowd.send(16, fly(flights, work))
        waiting(flights, 15)
        work.gate.set()
    assert work.runs == 1
    assert len({id(caught) for caught in crowd.errors}) == 16
    for caught in crowd.errors:
        assert type(caught) is ApiException
        assert (str(caught), caught.status, caught.retry_after) == ("no", 503, 3.0)
        assert caught.headers == {"a": "b"}
        assert caught.__cause__ is cause
    assert share(flights, "key", work) == "recovered", "an error is not remembered"


@pytest.mark.parametrize(
    "error",
    [ApiTimeoutError("leader's own"), KeyboardInterrupt(), UserWarning("not foreseen")],
    ids=lambda error: type(error).__name__,
)
def test_an_error_that_is_the_workers_own_is_not_shared(error: BaseException) -> None:
    flights: Cache[str] = Cache()
    work = Work(error, "result")
    with Crowd() as crowd:
        crowd.send(8, fly(flights, work))
        waiting(flights, 7)
        work.gate.set()
    assert crowd.errors == [error]
    assert crowd.results == ["result"] * 7
    assert work.runs == 2


def test_waiting_ends_by_the_callers_own_deadline() -> None:
    flights: Cache[str] = Cache()
    work = Work("late")
    with Crowd() as crowd:
        crowd.send(1, within(30, fly(flights, work)))
        assert work.begun.acquire(timeout=30)
        with pytest.raises(ApiTimeoutError):
            within(0.05, fly(flights, work))()
        work.gate.set()
    assert crowd.results == ["late"]
    assert work.runs == 1


def test_the_most_patient_one_takes_over_after_a_time_out() -> None:
    """Were it the next in line, each of them would ask once more when its own time is nearly up."""
    flights: Cache[str] = Cache()
    took_over = threading.Event()

    def patient() -> str:
        took_over.set()
        return "result"

    def impatient() -> str:
        raise AssertionError("a less patient one took over")

    work = Work(ApiTimeoutError("leader's own"))
    with Crowd() as crowd:
        crowd.send(1, within(20, fly(flights, work)))
        assert work.begun.acquire(timeout=30)
        for place, seconds in enumerate((25, 30, 35, 28, 26), start=1):
            crowd.send(1, within(seconds, fly(flights, patient if seconds == 35 else impatient)))
            waiting(flights, place)
        work.gate.set()
    assert took_over.is_set()
    assert crowd.results == ["result"] * 5
    assert [type(error) for error in crowd.errors] == [ApiTimeoutError]


def test_a_worker_that_overstays_is_replaced() -> None:
    """Nothing interrupts name resolution; a caller with time left must not wait for its end."""
    flights: Cache[str] = Cache()
    stuck, second = Work(ApiTimeoutError("leader's own")), Work("result")
    with Crowd() as crowd:
        crowd.send(1, within(0.05, fly(flights, stuck)))
        assert stuck.begun.acquire(timeout=30)
        crowd.send(1, within(30, fly(flights, second)))
        assert second.begun.acquire(timeout=30)
        stuck.gate.set()
        crowd.wait_for_errors(1)
        # The one that took over still flies: who comes now joins it.
        crowd.send(1, within(20, fly(flights, second)))
        waiting(flights, 1)
        second.gate.set()
    assert crowd.results == ["result"] * 2
    assert second.runs == 1


def test_who_is_torn_away_lets_the_next_one_work() -> None:
    """Ctrl-C may come at any moment: here, just when it is the most patient one's turn."""

    class TornAway(BaseException):
        pass

    def most_patient() -> object:
        tear.append(threading.get_ident())
        return within(40, fly(flights, work))()

    tear: list[int] = []
    flights: Cache[str] = Cache()
    work = Work(ApiTimeoutError("leader's own"), "result")
    with Crowd() as crowd:
        crowd.send(1, within(20, fly(flights, work)))
        assert work.begun.acquire(timeout=30)
        crowd.send(1, within(30, fly(flights, work)))
        waiting(flights, 1)
        crowd.send(1, most_patient)
        waiting(flights, 2)
        # Raised when the thread is woken.
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(tear[0]), ctypes.py_object(TornAway)
        )
        work.gate.set()
    assert crowd.results == ["result"]
    assert {type(error) for error in crowd.errors} == {ApiTimeoutError, TornAway}
    assert work.runs == 2
    assert (work.left or 0) > 1, "woken at once, not when its own time was up"
    assert flights._flights == {}


def test_what_may_be_done_once_is_done_once_and_all_share_that_nobody_knows() -> None:
    flights: Cache[str] = Cache(once=True)
    for error in (ApiTimeoutError("silent"), ApiConnectionError("cut"), KeyboardInterrupt()):
        work = Work(error, "next")
        with Crowd() as crowd:
            crowd.send(1, within(20, fly(flights, work)))
            assert work.begun.acquire(timeout=30)
            crowd.send(7, within(30, fly(flights, work)))
            waiting(flights, 7)
            with pytest.raises(ApiTimeoutError):
                within(0.05, fly(flights, work))()
            work.gate.set()
        assert work.runs == 1
        assert crowd.results == []
        shared = [caught for caught in crowd.errors if caught is not error]
        assert len(shared) == 7
        expected = type(error) if isinstance(error, HydraException) else ApiConnectionError
        assert {type(caught) for caught in shared} == {expected}
        assert flights._flights == {}
        assert share(flights, "key", work) == "next", "a later call does it once more"


def test_a_leader_that_vanished_lets_nobody_wait_for_ever() -> None:
    """An exception from a signal handler may come before the leader's own clean-up begins."""
    flights: Cache[str] = Cache(once=True)
    flight = flights.join("key", time.monotonic() + 0.05, lambda: None)
    assert flight is not None
    assert flights.decide(flight, time.monotonic() + 0.05) is None  # it leads, and says no more
    with Crowd() as crowd:
        crowd.send(3, within(30, fly(flights, lambda: "not done")))
    assert {str(error).partition(":")[0] for error in crowd.errors} == {
        "the caller that sent the shared request was stopped"
    }
    assert within(30, fly(flights, lambda: "next"))() == "next"


def test_nothing_stays_behind() -> None:
    flights: Cache[str] = Cache()

    def fail() -> str:
        raise ApiValueError("no")

    share(flights, "good", lambda: "result")
    with pytest.raises(ApiValueError):
        share(flights, "bad", fail)
    assert flights._flights == {}


def test_errors_of_the_package_survive_the_copy() -> None:
    """Each of them can be pickled, and is copied by the same means."""
    # A guard's AccessError has a test of its own.
    kinds = [kind for kind in HydraException.__subclasses__() if "exceptions" in kind.__module__]
    for kind in [HydraException, *kinds, ApiConnectionError]:
        assert str(pickle.loads(pickle.dumps(kind("words")))) == "words"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_is_not_held_up() -> None:
    """Neither by a lock that was held when it was forked, nor by a flight it does not fly."""
    flights: Cache[str] = Cache()
    work = Work("parent's")
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with Cache._lock:
            held.set()
            assert release.wait(90)

    with Crowd() as crowd:
        crowd.send(1, fly(flights, work))
        assert work.begun.acquire(timeout=30)
        crowd.send(1, hold)
        assert held.wait(30)
        child = fork()
        if child == 0:  # pragma: no cover - the child's lines show in its exit code
            signal.alarm(20)  # rather than hang
            code = 1
            try:
                got = Deadline(20).run(share, flights, "key", lambda: "child's")
                code = 0 if got == "child's" else 2
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        release.set()
        work.gate.set()
    assert os.waitstatus_to_exitcode(status) == 0
    assert sorted(map(str, crowd.results)) == ["None", "parent's"]
