from fastapi.routing import APIRoute
from fastapi.testclient import TestClient


def test_every_call_that_reads_answers_head_too(client: TestClient) -> None:
    calls: list[APIRoute] = client.app.state.calls
    asked = {call.path for call in calls if "HEAD" in call.methods}
    assert {call.path for call in calls if "GET" in call.methods and call.include_in_schema} <= asked
