"""Server-sent events with Starlette on Uvicorn: `events.py PORT LOG`. Whoever listens at /events gets what is posted to
/tell/ID; /listeners says who listens."""

import asyncio
import hashlib
import json
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route

PORT, LOG = int(sys.argv[1]), sys.argv[2]
listeners = {}


class Log:
    """Notes each request as ASGI shows it, once its body has been read."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        path = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        seen = {
            "line": f"{scope['method']} {path.decode('latin-1')} HTTP/{scope['http_version']}",
            "headers": [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]],
            "length": len(body),
            "sha256": hashlib.sha256(body).hexdigest(),
        }
        with open(LOG, "a") as file:
            file.write(json.dumps(seen) + "\n")
        whole = [{"type": "http.request", "body": body, "more_body": False}]

        async def again():
            return whole.pop() if whole else await receive()

        await self.app(scope, again, send)


async def events(request):
    name, queue = request.path_params["name"], asyncio.Queue()

    async def told():
        listeners[name] = queue
        try:
            yield "retry: 1000\n: hello\n\n"
            while (text := await queue.get()) is not None:
                yield f"data: {text}\n\n"
        finally:
            del listeners[name]

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(told(), media_type="text/event-stream", headers=headers)


async def tell(request):
    name, text = request.path_params["name"], (await request.body()).decode()
    if name not in listeners:
        return PlainTextResponse("nobody listens", 404)
    await listeners[name].put(text or None)
    return PlainTextResponse("told")


async def home(_):
    return HTMLResponse(
        "<!doctype html><html><head><title>Events</title></head><body><script>/* EventSource */</script></body></html>"
    )


async def who(_):
    return JSONResponse(list(listeners))


async def file(_):
    return FileResponse(__file__, media_type="text/x-python")


app = Starlette(
    routes=[
        Route("/", home),
        Route("/events/{name}", events),
        Route("/tell/{name}", tell, methods=["POST"]),
        Route("/listeners", who),
        Route("/source", file),
    ]
)
app.add_middleware(Log)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=PORT, log_level="warning", proxy_headers=False, timeout_graceful_shutdown=1)
