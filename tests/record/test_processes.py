"""The recorder in a process that ends, is killed, or forks: what it recorded is stored, by it or by the next one."""

from __future__ import annotations

import signal

import pytest
from tests.record.program import Program
from tests.support.server import Server

from playhead.record.recorder import Recorder


def test_a_program_that_ends_has_sent_everything(program: Program) -> None:
    code, _, errors = program.run("""
        with playhead.session(feature="chat", session_id="s") as session:
            click(session, "a", 1_000)
    """)
    assert (code, errors) == (0, "")
    assert program.clicks("s", "a") == list(range(1_000))
    assert program.status("s") == "completed"


def test_a_program_that_dies_of_an_exception_has_sent_everything_and_shows_it(program: Program) -> None:
    code, _, errors = program.run("""
        with playhead.session(feature="chat", session_id="s") as session:
            click(session, "a", 100)
            raise SystemError("boom")
    """)
    assert code == 1
    assert errors.count("Traceback") == 1
    assert program.clicks("s", "a") == list(range(100))
    assert program.status("s") == "error"


@pytest.mark.parametrize("how", ["sys.exit(3)", "asyncio.run(main())", "threading.Thread(target=work).start()"])
def test_other_ends_lose_nothing_either(program: Program, how: str) -> None:
    program.run(f"""
        session = playhead.session(feature="chat", session_id="s")
        def work():
            time.sleep(0.05)
            click(session, "a", 100)
        async def main():
            click(session, "a", 100)
            asyncio.get_running_loop().create_task(asyncio.sleep(100))
        if {how!r}.startswith("sys"):
            click(session, "a", 100)
        {how}
    """)
    assert program.clicks("s", "a") == list(range(100))


def test_what_is_recorded_while_the_interpreter_ends_is_kept(program: Program) -> None:
    code, _, errors = program.run("""
        import atexit
        session = playhead.session(feature="chat", session_id="s")
        atexit.register(lambda: click(session, "late", 10))
        click(session, "a", 10)
        class Last:
            def __del__(self):
                session.record_user_action(action="last")
        last = Last()
    """)
    assert (code, errors) == (0, "")
    assert program.clicks("s", "a") == list(range(10))


def test_a_first_event_in_an_exit_handler_is_kept(program: Program) -> None:
    code, _, errors = program.run("""
        import atexit
        from playhead.record import recorder
        atexit.register(lambda: click(playhead.session(feature="chat", session_id="s"), "late", 10))
    """)
    assert (code, errors) == (0, "")
    program.recover()
    assert program.clicks("s", "late") == list(range(10))


def test_sigterm_sends_what_there_is_and_ends_the_process_as_it_would(program: Program) -> None:
    process = program.start("""
        session = playhead.session(feature="chat", session_id="s")
        click(session, "a", 500)
        print("ready", flush=True)
        click(session, "b", 1)
        while True:
            time.sleep(1)
    """)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.terminate()
    process.communicate(timeout=20)
    assert process.returncode == -signal.SIGTERM
    assert program.clicks("s", "a") == list(range(500))


def test_sigterm_in_the_midst_of_a_flush_loses_nothing(program: Program) -> None:
    code, out, errors = program.run("""
    from pathlib import Path
    from playhead.record import recorder
    room = str(Path(recorder.__file__).parent)
    playhead.init(exit_timeout_s=0.1, spool_s=30.0)

    def flush(end_at):
        passed = 0
        def trace(frame, what, _):
            nonlocal passed
            if what in ("call", "return") and frame.f_code.co_filename.startswith(room):
                passed += 1
                if passed == end_at:
                    sys.settrace(None)
                    os.kill(os.getpid(), signal.SIGTERM)
            return trace
        sys.settrace(trace)
        playhead.flush(0.01)
        sys.settrace(None)
        os._exit(0)

    ends = []
    for end_at in range(1, 60):
        child = os.fork()
        if child == 0:
            click(playhead.session(feature="chat", session_id=f"s{end_at}"), "a", 30)
            flush(end_at)
        ends.append(os.waitpid(child, 0)[1])
    print(*ends)
    """)
    assert (code, errors) == (0, "")
    ends = [int(end) for end in out.split()]
    assert ends.count(signal.SIGTERM) > 40
    program.recover()
    for number, end in enumerate(ends, 1):
        if end == signal.SIGTERM:
            assert program.clicks(f"s{number}", "a") == list(range(30)), number


@pytest.mark.parametrize("name", ["PLAYHEAD_URL", "PLAYHEAD_API_KEY", "PLAYHEAD_SPOOL_DIR"])
def test_an_environment_that_cannot_be_used_is_said_in_the_log_and_the_application_runs(
    program: Program, name: str
) -> None:
    code, out, errors = program.run(
        """
        with playhead.session(feature="chat") as session:
            click(session, "a", 3)
        print(playhead.stats().recorded)
        """,
        **{name: "~nobody-here/not usable"},
    )
    assert (code, out) == (0, "0\n")
    assert errors.startswith("playhead records nothing: ")
    assert len(errors.splitlines()) == 1


def test_a_user_without_a_home_records_from_memory(program: Program) -> None:
    code, _, errors = program.run("""
        import pwd
        for name in ("HOME", "XDG_STATE_HOME", "PLAYHEAD_SPOOL_DIR"):
            os.environ.pop(name, None)
        def nobody(_):  # as it is for an id that a container was given
            raise KeyError(_)
        pwd.getpwuid = nobody
        click(playhead.session(feature="chat", session_id="s"), "a", 10)
    """)
    assert (code, errors) == (0, "")
    assert program.clicks("s", "a") == list(range(10))


def test_an_applications_own_sigterm_handler_is_left_alone(program: Program) -> None:
    process = program.start("""
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
        session = playhead.session(feature="chat", session_id="s")
        click(session, "a", 500)
        print("ready", flush=True)
        while True:
            time.sleep(1)
    """)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.terminate()
    process.communicate(timeout=20)
    assert process.returncode == 7
    assert program.clicks("s", "a") == list(range(500))


@pytest.mark.parametrize("how", ["os._exit(9)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_a_process_that_is_killed_loses_at_most_the_last_hundred_milliseconds(program: Program, how: str) -> None:
    _, out, _ = program.run(
        f"""
        session = playhead.session(feature="chat", session_id="s")
        number, old = 0, 0
        until = time.monotonic() + 1.0
        while (now := time.monotonic()) < until:
            session.record_user_action(action="a", target=number)
            number += 1
            if now < until - 0.1:
                old = number
            time.sleep(0.001)
        print(old, number, flush=True)
        {how}
        """,
        PLAYHEAD_URL=program.server.url,
    )
    old, recorded = map(int, out.split())
    program.recover()
    stored = program.clicks("s", "a")
    assert stored == list(range(len(stored)))
    assert old <= len(stored) <= recorded


def test_a_process_without_its_server_leaves_everything_to_the_next_one(program: Program) -> None:
    server, program.server = program.server, Server(**{**program.server.__dict__, "url": "http://127.0.0.1:9"})
    code, _, errors = program.run("""
        with playhead.session(feature="chat", session_id="s") as session:
            click(session, "a", 20_000)
    """)
    assert (code, errors) == (0, "")
    (home,) = program.spool.iterdir()
    recorder = Recorder(server.url, program.key, spool_dir=program.spool)
    recorder._spool.directory = home
    assert recorder.flush(30)
    stats = recorder.stats()
    recorder.shutdown(2)
    program.server = server
    assert (stats.adopted, stats.stored, stats.unaccounted) == (20_002, 20_002, 0)
    assert program.clicks("s", "a") == list(range(20_000))
    assert list(home.iterdir()) == []


FORKS = """
    def child(name):
        click(session, name, 200)

    session = playhead.session(feature="chat", session_id="s")
    click(session, "parent", 200)
"""


def test_forked_children_send_their_own_and_nothing_twice(program: Program) -> None:
    code, out, errors = program.run(
        FORKS
        + """
    for number in range(4):
        if os.fork() == 0:
            child(f"c{number}")
            playhead.flush(10)
            os.write(1, b"%d %d " % (playhead.stats().recorded, playhead.stats().unaccounted))
            os._exit(0)
    for _ in range(4):
        os.wait()
    click(session, "after", 100)
    """
    )
    assert (code, errors) == (0, "")
    assert out.split() == ["201", "0"] * 4  # and the start, told again
    program.recover()
    for name, count in {"parent": 200, "after": 100, "c0": 200, "c1": 200, "c2": 200, "c3": 200}.items():
        assert program.clicks("s", name) == list(range(count)), name


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_children_of_multiprocessing_lose_nothing(program: Program, method: str) -> None:
    code, _, errors = program.run(f"""
    def child(number):
        session = playhead.session(feature="chat", session_id=f"s{{number}}")
        click(session, "child", 300)
        session.end()

    if __name__ == "__main__":
        session = playhead.session(feature="chat", session_id="s")
        click(session, "parent", 300)
        context = multiprocessing.get_context({method!r})
        children = [context.Process(target=child, args=(number,)) for number in range(2)]
        for each in children:
            each.start()
        for each in children:
            each.join()
            assert each.exitcode == 0
    """)
    assert (code, errors) == (0, "")
    program.recover()
    assert program.clicks("s", "parent") == list(range(300))
    for number in range(2):
        assert program.clicks(f"s{number}", "child") == list(range(300))


def test_a_pool_of_preforked_workers_records_from_each(program: Program) -> None:
    code, _, errors = program.run("""
    playhead.init()
    session = playhead.session(feature="chat", session_id="s")
    click(session, "master", 10)
    for number in range(3):
        if os.fork() == 0:
            click(session, f"w{number}", 100)
            sys.exit(0)
    for _ in range(3):
        os.wait()
    """)
    assert (code, errors) == (0, "")
    assert program.clicks("s", "master") == list(range(10))
    for number in range(3):
        assert program.clicks("s", f"w{number}") == list(range(100))


def test_a_child_that_is_forked_while_a_client_is_being_made_sends_its_own(program: Program) -> None:
    code, out, errors = program.run("""
    import httpx
    inside, forking, library = threading.Event(), threading.Event(), threading.Lock()

    def make(client=httpx.Client, **options):
        with library:  # as OpenSSL has its own locks, which no child can let go of
            inside.set()
            forking.wait()
            return client(**options)

    httpx.Client = make
    playhead.init(exit_timeout_s=600)
    session = playhead.session(feature="chat", session_id="s")
    click(session, "parent", 10)
    inside.wait()
    os.register_at_fork(before=forking.set)
    if os.fork() == 0:
        print(library.locked(), flush=True)
        click(session, "child", 10)
        sys.exit(0)
    os.wait()
    """)
    assert (code, out, errors) == (0, "False\n", "")
    for name in ("parent", "child"):
        assert program.clicks("s", name) == list(range(10))


def test_a_child_that_is_forked_while_the_first_connection_is_made_sends_its_own(program: Program) -> None:
    code, _, errors = program.run("""
    looking, forking = threading.Event(), threading.Event()

    class Finder:  # a child that inherits the lock of a module which is being imported waits for it for ever
        def find_spec(name, *_):
            if name == "stringprep":  # what the first look at a host's name imports
                looking.set()
                forking.wait()

    sys.meta_path.insert(0, Finder)
    playhead.init(exit_timeout_s=600)
    session = playhead.session(feature="chat", session_id="s")
    click(session, "parent", 10)
    looking.wait()
    os.register_at_fork(before=forking.set)
    if os.fork() == 0:
        click(session, "child", 10)
        sys.exit(0)
    os.wait()
    """)
    assert (code, errors) == (0, "")
    for name in ("parent", "child"):
        assert program.clicks("s", name) == list(range(10))
