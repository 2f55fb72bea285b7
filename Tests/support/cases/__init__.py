"""Test cases of the data plane as files: read (`source`, `pattern`), acted out (`stage`, `script`), compared with other
proxies (`outcome`, `peers`). The format is described in Tests/Conformance/cases/README.md."""
