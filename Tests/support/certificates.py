"""A certificate authority of the tests' own: an intermediate under a root, and certificates for any names, by the openssl program."""

import ipaddress
import ssl
import subprocess
from pathlib import Path


def _openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def _key(path):
    _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path)
    path.chmod(0o600)
    return path


def _alternative(name):
    try:
        return f"IP:{ipaddress.ip_address(name)}"
    except ValueError:
        return f"DNS:{name}"


class Authority:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.root = self.folder / "root.pem"
        key = _key(self.folder / "root.key")
        usage = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"]
        _openssl("req", "-x509", "-key", key, "-out", self.root, "-days", 30, "-subj", "/CN=root of the tests", *usage)
        extensions = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n"
        self.intermediate = self._sign("intermediate", "/CN=intermediate", extensions, self.root, key, 30)[0]

    def _sign(self, name, subject, extensions, issuer, issuer_key, days):
        key = _key(self.folder / f"{name}.key")
        request, wanted, cert = (self.folder / f"{name}.{end}" for end in ("csr", "ext", "crt"))
        wanted.write_text(extensions)
        _openssl("req", "-new", "-key", key, "-subj", subject, "-out", request)
        signer = ["-CA", issuer, "-CAkey", issuer_key, "-CAcreateserial"]
        _openssl("x509", "-req", "-in", request, *signer, "-days", days, "-extfile", wanted, "-out", cert)
        return cert, key

    def issue(self, pem, *names, days=30):
        """Writes one file with key, certificate and intermediate, at once, so that nobody ever reads half of it. A name may be
        an address; with less than no days, the certificate has expired."""
        pem = Path(pem)
        pem.parent.mkdir(parents=True, exist_ok=True)
        extensions = "subjectAltName=" + ",".join(_alternative(name) for name in names) + "\n"
        signer = self.intermediate, self.folder / "intermediate.key"
        cert, key = self._sign("leaf", "/CN=leaf", extensions, *signer, days)
        new = pem.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text("".join(part.read_text() for part in (key, cert, self.intermediate)))
        new.rename(pem)
        return pem

    def context(self, **settings):
        """A client's: trusts the root and nothing else, and checks the name."""
        context = ssl.create_default_context(cafile=str(self.root))
        # Some versions of Python take an end without close_notify for an orderly one.
        context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
        for name, value in settings.items():
            setattr(context, name, value)
        return context


def serial(secure):
    return secure.getpeercert()["serialNumber"]
