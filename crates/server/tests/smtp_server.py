"""A mail server on a free port of this machine. It prints its port, and each mail that it takes as a line of JSON."""

import asyncio
import json
import logging
import ssl
import sys
import warnings

from aiosmtpd.smtp import SMTP, AuthResult


# It warns of logins without TLS, which it does not see when all of a connection is encrypted.
warnings.simplefilter("ignore")
logging.disable(logging.WARNING)


class Inbox:
    async def handle_DATA(self, server, session, envelope):
        print(
            json.dumps(
                {
                    "from": envelope.mail_from,
                    "to": envelope.rcpt_tos,
                    "content": envelope.content.decode(),
                    "tls": server.transport.get_extra_info("sslcontext") is not None,
                    "login": session.auth_data.login.decode() if session.auth_data else None,
                }
            ),
            flush=True,
        )
        return "250 OK"


async def main():
    options = json.loads(sys.argv[1])
    context = None
    if options["certificate"]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options["certificate"], options["key"])

    def authenticate(server, session, envelope, mechanism, data):
        right = [data.login.decode(), data.password.decode()] == options["login"]
        return AuthResult(success=right, handled=False, auth_data=data)

    def protocol():
        return SMTP(
            Inbox(),
            tls_context=context if options["security"] == "startTls" else None,
            require_starttls=options["security"] == "startTls",
            authenticator=authenticate if options["login"] else None,
            auth_required=bool(options["login"]),
            auth_require_tls=False,
            hostname="localhost",
        )

    wrapped = context if options["security"] == "tls" else None
    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=wrapped)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
