"""A real nginx on a free port, with everything it keeps in a folder of its own."""

from pathlib import Path

from .processes import Program, free_port

# Everything that nginx would otherwise look for or keep in places of the system.
FRAME = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {http}
    server {{
        listen 127.0.0.1:{port};
        {server}
    }}
}}
"""


def nginx(folder, *, server, http="", port=None):
    """`server` and `http` are directives; what they say of `{folder}` is filled in."""
    folder, port = Path(folder), port or free_port()
    folder.mkdir(parents=True, exist_ok=True)
    fill = {"folder": folder, "port": port}
    configuration = folder / "nginx.conf"
    configuration.write_text(FRAME.format(http=http.format(**fill), server=server.format(**fill), **fill))
    return Program("nginx", ["/usr/sbin/nginx", "-c", configuration], port=port, log=folder / "nginx.log")
