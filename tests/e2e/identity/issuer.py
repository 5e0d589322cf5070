"""An OpenID Connect provider as Kubernetes has one, on this machine: it publishes its keys and signs tokens."""

import base64
import http.server
import json
import threading
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, size):
    return encoded(value.to_bytes(size, "big"))


class Issuer:
    def __init__(self):
        self.rsa = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.ec = ec.generate_private_key(ec.SECP256R1())
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                documents = {
                    "/.well-known/openid-configuration": {"issuer": issuer.url, "jwks_uri": issuer.url + "/keys"},
                    "/keys": {"keys": issuer.keys()},
                }
                document = documents.get(self.path)
                self.send_response(200 if document else 404)
                self.end_headers()
                self.wfile.write(json.dumps(document).encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def keys(self):
        one, other = self.rsa.public_key().public_numbers(), self.ec.public_key().public_numbers()
        return [
            {"kty": "RSA", "kid": "rsa", "use": "sig", "alg": "RS256", "n": number(one.n, 256), "e": "AQAB"},
            {"kty": "EC", "kid": "ec", "use": "sig", "crv": "P-256", "x": number(other.x, 32), "y": number(other.y, 32)},
        ]

    def token(self, algorithm="RS256", **claims):
        now = int(time.time())
        claims = {"iss": self.url, "aud": "sts.amazonaws.com", "iat": now, "exp": now + 600} | claims
        header = {"alg": algorithm, "kid": "rsa" if algorithm == "RS256" else "ec"}
        signed = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
        if algorithm == "RS256":
            signature = self.rsa.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        else:
            r, s = decode_dss_signature(self.ec.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
            signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return f"{signed}.{encoded(signature)}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()
