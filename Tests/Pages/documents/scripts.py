"""Pages whose scripts write into the page while it is parsed, or look at what is there."""

HEAD = "<!DOCTYPE html><html><head>"
REST = "</head><body><p>x</p></body></html>"


def _page(script, attributes=""):
    return f"{HEAD}<title>t</title><script{attributes}>{script}</script>{REST}"


DOCUMENTS = {
    "script-writes-text": _page("document.write('written')"),
    "script-writes-script": _page("document.write('<script>document.documentElement.className = \"w\"<\\/script>')"),
    "script-writes-meta": _page("document.write('<meta name=written>')"),
    "script-writes-body": _page("document.write('<body class=written>')"),
    "script-writes-comment-open": _page("document.write('<!-- ')"),
    "script-writes-plaintext": _page("document.write('<plaintext>')"),
    "script-writes-half-tag": _page("document.write('<div class=a ')"),
    "script-writes-head-end": _page("document.write('</head><body>')"),
    "script-writes-frameset": HEAD + "<script>document.write('<frameset><frame></frameset>')</script>",
    "script-writes-before-implied-head": "<!DOCTYPE html><script>document.write('<head id=w>')</script><p>x",
    "script-writes-in-body": HEAD + "</head><body><script>document.write('<p id=w>written')</script><p>x",
    "script-appends-to-head": _page("document.head.appendChild(document.createElement('style'))"),
    "script-appends-to-html": _page("document.documentElement.appendChild(document.createElement('x-a'))"),
    "script-removes-itself": _page("document.currentScript.remove()"),
    "script-removes-its-parent": _page("document.head.remove()"),
    "script-sets-class-on-html": _page("document.documentElement.className += ' js'"),
    "script-sets-title": _page("document.title = 'set'"),
    "script-inserts-after-itself": _page(
        "var s = document.currentScript; s.parentNode.insertBefore(document.createElement('style'), s.nextSibling)"
    ),
    "script-inserts-before-itself": _page(
        "var s = document.currentScript; s.parentNode.insertBefore(document.createElement('style'), s)"
    ),
    "script-reads-current-script": _page(
        "document.documentElement.dataset.found = document.currentScript.dataset.name", " data-name=own"
    ),
    "script-reads-last-script": _page(
        "var all = document.getElementsByTagName('script');"
        "document.documentElement.dataset.found = all[all.length - 1].dataset.name",
        " data-name=own",
    ),
    "script-reads-compat-mode": _page("document.documentElement.dataset.found = document.compatMode"),
    "script-reads-ready-state": _page("document.documentElement.dataset.found = document.readyState"),
    "script-reads-query-with-attribute": _page(
        "document.documentElement.dataset.found = document.querySelector('script[data-name]').dataset.name", " data-name=own"
    ),
    "script-reads-own-url-from-stack": _page(
        "try { throw new Error } catch (e) { document.documentElement.dataset.found = typeof e.stack }"
    ),
    "script-on-dom-content-loaded": _page(
        "addEventListener('DOMContentLoaded', function () { document.body.dataset.children = document.body.children.length })"
    ),
    "script-on-load": _page("addEventListener('load', function () { document.body.dataset.loaded = document.readyState })"),
    "script-deferred-module": _page("document.body.dataset.module = 'ran'", " type=module"),
    "script-nomodule": _page("document.documentElement.dataset.legacy = 'ran'", " nomodule"),
    "script-defines-custom-element": _page(
        "customElements.define('x-a', class extends HTMLElement { connectedCallback() { this.textContent = 'up' } })"
    ).replace("<p>x</p>", "<x-a></x-a>"),
    "script-defines-global-names-of-the-loader": _page("var config = 1, script = 2, store = 3, check = 4, links = 5"),
    "script-freezes-prototypes": _page("Object.freeze(Object.prototype); Object.freeze(Array.prototype)"),
    "script-replaces-fetch": _page("window.fetch = function () { document.body.dataset.fetched = 'yes'; return Promise.reject() }")
    .replace("document.body.dataset.fetched = 'yes';", ""),
    "script-throws": _page("throw new Error('mine')"),
    "script-use-strict-syntax-error": _page("'use strict'; with (a) {}"),
    "script-observes-mutations": _page(
        "new MutationObserver(function (list) { list.forEach(function (m) { m.addedNodes.forEach(function (n) {"
        "if (n.nodeName === 'SCRIPT') document.documentElement.dataset.sawScript = 'yes' }) }) })"
        ".observe(document, {childList: true, subtree: true})"
    ),
    "script-import-map-then-module": HEAD
    + "<script type=importmap>{\"imports\": {\"a\": \"data:text/javascript,document.body.dataset.mapped='yes'\"}}</script>"
    + "<script type=module>import 'a'</script>" + REST,
    "script-in-body-opens-document": HEAD + "</head><body><script>document.open(); document.write('<p>new'); document.close()</script>",
    "script-opens-document-after-load": _page(
        "addEventListener('load', function () { document.open(); document.write('<!DOCTYPE html><p>new'); document.close() })"
    ),
    # What an app can notice: see Browser/test_pages.py, which says for each what becomes of it.
    "notices-first-script": _page("document.documentElement.dataset.found = document.scripts[0].dataset.name || 'other'", " data-name=own"),
    "notices-script-count": _page("document.documentElement.dataset.found = document.scripts.length"),
    "notices-first-child-of-head": _page("document.documentElement.dataset.found = document.head.firstChild.nodeName"),
    "notices-head-children-count": _page("document.documentElement.dataset.found = document.head.children.length"),
    "notices-inner-html": _page("document.documentElement.dataset.found = document.head.innerHTML.length"),
    "notices-insert-before-first-script": HEAD + "<title>t</title></head><body><p>x</p><script data-name=own>"
    "var first = document.getElementsByTagName('script')[0], added = document.createElement('script');"
    "added.type = 'text/x-analytics'; first.parentNode.insertBefore(added, first)</script>",
    "notices-prepend-to-head": _page("document.head.insertBefore(document.createElement('style'), document.head.firstChild)"),
}
