"""nginx and HAProxy, set up for the same task as Tombolo: hosts to upstreams, HTTP/1.1, keep-alive, no buffering."""

import os
import shutil

from ..processes import Program, free_port

NGINX = """daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log; {user}
events {{ worker_connections 1024; }}
http {{
    access_log off; default_type text/plain; server_names_hash_bucket_size 128; large_client_header_buffers 4 8k;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    proxy_http_version 1.1; proxy_request_buffering off; proxy_buffering off; client_max_body_size 0;
    map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
    proxy_set_header Host $http_host;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;
    server {{ listen 127.0.0.1:{port} default_server; return 421; }}
    {sites}
}}
"""
NGINX_SITE = """upstream {name} {{ server 127.0.0.1:{upstream}; keepalive 4; }}
    server {{ listen 127.0.0.1:{port}; server_name {hosts}; location / {{ proxy_pass http://{name}; }} }}
"""
HAPROXY = """global
    nbthread 1
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    timeout http-request 30s
frontend all
    bind 127.0.0.1:{port}
    use_backend %[req.hdr(host),field(1,:),lower,map({folder}/hosts.map,nobody)]
backend nobody
    http-request return status 421
{sites}
"""
HAPROXY_SITE = """backend {name}
    server only 127.0.0.1:{upstream}
"""


class Peer(Program):
    """`houses` maps a name to (hosts, upstream port)."""

    def __init__(self, name, folder, houses):
        folder.mkdir(parents=True)
        program = shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
        assert program, f"{name} is not installed; Tests/run installs it"
        port, config = free_port(), folder / f"{name}.conf"
        if name == "nginx":
            user = "user root;" if os.getuid() == 0 else ""
            sites = "    ".join(NGINX_SITE.format(name=key, hosts=" ".join(hosts), upstream=upstream, port=port)
                                for key, (hosts, upstream) in houses.items())
            text = NGINX.format(folder=folder, port=port, sites=sites, user=user)
            command = [program, "-p", folder, "-c", config, "-e", folder / "error.log"]
        else:
            sites = "".join(HAPROXY_SITE.format(name=key, upstream=upstream) for key, (_, upstream) in houses.items())
            lines = [f"{host} {key}\n" for key, (hosts, _) in houses.items() for host in hosts]
            (folder / "hosts.map").write_text("".join(lines))
            text = HAPROXY.format(folder=folder, port=port, sites=sites)
            command = [program, "-db", "-f", config]
        config.write_text(text)
        super().__init__(name, command, port=port, log=folder / f"{name}.log")
