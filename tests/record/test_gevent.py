"""The recorder in a worker that is forked first and gets gevent in place of threads then, as gunicorn's with preload.

The end of the process may take ten minutes here: who waited for a lock that holds up all greenlets would wait for that.
"""

from __future__ import annotations

import signal

import pytest
from tests.record.program import Program

ENDS = {
    "sys.exit(7)": 7,
    "os.write(told, b'-'); gevent.sleep(600)": -signal.SIGTERM,
    "HttpTransport.post = end_and_post; gevent.sleep(600)": -signal.SIGTERM,
}


@pytest.mark.parametrize("end", ENDS)
def test_a_preforked_worker_that_is_patched_records_and_its_end_loses_nothing(program: Program, end: str) -> None:
    code, out, errors = program.run(f"""
    import gevent, gevent.hub, gevent.monkey
    from playhead.record._transport import HttpTransport

    def end_and_post(*request, post=HttpTransport.post):
        HttpTransport.post = post
        os.kill(os.getpid(), signal.SIGTERM)
        return post(*request)

    playhead.init(exit_timeout_s=600)
    session = playhead.session(feature="chat", session_id="s")
    click(session, "master", 10)
    idle, told = os.pipe()
    worker = os.fork()
    if worker == 0:
        os.close(idle)
        gevent.monkey.patch_all()
        gevent.hub.reinit()
        for greenlet in [gevent.spawn(click, session, f"w{{number}}", 100) for number in range(3)]:
            greenlet.join()
        {end}
    os.close(told)
    if os.read(idle, 1):
        os.kill(worker, signal.SIGTERM)
    print(os.waitstatus_to_exitcode(os.wait()[1]))
    """)
    assert (code, out, errors) == (0, f"{ENDS[end]}\n", "")
    assert program.clicks("s", "master") == list(range(10))
    for number in range(3):
        assert program.clicks("s", f"w{number}") == list(range(100))
