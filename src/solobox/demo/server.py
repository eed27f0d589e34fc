"""A server that this computer alone can reach, and whose page reaches nobody."""

import os
import socket

import gradio as gr
import uvicorn
from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from solobox.errors import ConfigError

HOST = "127.0.0.1"
# A browser refuses what a page would fetch from elsewhere than its own server.
POLICY = (
    "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; "
    "form-action 'self'; frame-ancestors 'none'"
)


def listening(port: int) -> socket.socket:
    """A socket of this computer alone.

    Args:
        port: 0 .. 65535; 0: any that is free.

    Raises:
        ConfigError: another number, a port that is in use, or one that is not for everybody.
    """
    if not 0 <= port <= 65535:
        raise ConfigError(f"--port must be in 0 .. 65535; found {port}")
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name == "posix":  # there: a port that was left a moment ago is free
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"port {port} cannot be used ({error.strerror}); give another with --port, or "
            f"--port 0 for any that is free"
        ) from None
    return listener


def serve(blocks: gr.Blocks, listener: socket.socket) -> None:
    """Show a page until the program is interrupted.

    Raises:
        KeyboardInterrupt: Ctrl-C, after open answers were given a second.
    """
    # Not blocks.launch(), which asks whether there is a newer Gradio, and can share a page.
    app = FastAPI(openapi_url=None)
    blocks.has_launched = True  # else Gradio gives any file of this computer to who asks for it
    # A page elsewhere whose name was made to mean 127.0.0.1 gets nothing.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])
    app.add_middleware(Alone)
    fonts = ("system-ui", "sans-serif"), ("ui-monospace", "monospace")
    gr.mount_gradio_app(
        app, blocks, "/", server_name=HOST, server_port=listener.getsockname()[1],
        theme=gr.themes.Default(font=fonts[0], font_mono=fonts[1]),
        css="#photo img {width: 100%; height: 100%; object-fit: contain}",
        footer_links=[], run_history=False, ssr_mode=False, pwa=False, mcp_server=False,
    )  # fmt: skip
    config = uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1)
    uvicorn.Server(config).run(sockets=[listener])


class Alone:
    """Sends the policy with every answer.

    Args:
        app: that answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Content-Security-Policy"] = POLICY
            await send(message)

        await self.app(scope, receive, with_policy)
