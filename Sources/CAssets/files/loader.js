(function (config) {
  "use strict";
  // Keeps this page's session and the group's in step, and carries the session along links to sibling domains.
  // Nothing here ever sees a session id or a handle: cookies are HttpOnly, and what scripts pass on is sealed.
  // config: {endpoint, interval (s), fetch, handshake, links, siblings [host or *.host], parameter, ticketLifetime (s),
  //          reload: "always"|"event"|"never", consent: cookie name or null, due: cookie name}
  if (window.tomboloLoader || self.origin === "null") return; // once a page; in a sandbox location.origin is still the URL's
  window.tomboloLoader = true;

  var script = document.currentScript;
  var mayReload = !(script && script.getAttribute("data-reload") === "never");
  var edited = false; // something was typed that a reload would lose
  var leaving = false; // a navigation is probably under way that a reload would cancel
  addEventListener("input", function () { edited = true; }, { capture: true, passive: true });
  ["submit", "click"].forEach(function (type) { // no beforeunload: it keeps pages out of back/forward caches
    addEventListener(type, function (event) {
      var link = type === "submit" || (event.target && event.target.closest && event.target.closest("a[href]"));
      if (link && !event.defaultPrevented) leaving = true;
    });
  });
  addEventListener("pageshow", function () { leaving = false; });

  function store(kind, key, value) { // storage throws where it is blocked
    try {
      var area = window[kind];
      if (value === undefined) return area.getItem(key);
      area.setItem(key, value);
    } catch (blocked) { return null; }
    return null;
  }

  function hasCookie(name, value) {
    try {
      return document.cookie.split(/; */).some(function (pair) {
        return value === undefined ? pair.indexOf(name + "=") === 0 : pair === name + "=" + value;
      });
    } catch (blocked) { return false; }
  }

  function mayLink() { // consent of the visitor to be recognised across domains
    if (navigator.globalPrivacyControl) return false;
    return !config.consent || hasCookie(config.consent);
  }

  function post(url, body, credentials) {
    return fetch(url, {
      method: "POST", mode: "cors", credentials: credentials, cache: "no-store", redirect: "error",
      headers: { "Content-Type": "application/json" }, body: JSON.stringify(body)
    }).then(function (answer) {
      if (!answer.ok) throw new Error("tombolo: " + url + " answered " + answer.status);
      return answer.json();
    });
  }

  // ---- check and replace -------------------------------------------------------------------------------------------

  var CHECKED = "tombolo.checked";
  var RELOADED = "tombolo.reloaded";
  var TRIED = "tombolo.handshake";

  function youngerThan(kind, key, seconds) {
    var at = Number(store(kind, key));
    var age = Date.now() - at;
    return at > 0 && age >= 0 && age < seconds * 1000;
  }

  // The server marks in a cookie that a check is due ("1"), or that sessions have just been compared ("0").
  function check() {
    if (!mayLink()) return;
    var due = hasCookie(config.due, "1");
    if (!due && (hasCookie(config.due, "0") || youngerThan("localStorage", CHECKED, config.interval))) return;
    post(config.endpoint, { action: "begin" }, "same-origin").then(function (own) {
      if (own.result === "ticket") return compare(own, due);
      return settle(own.result, due);
    }).catch(function (trouble) { console.debug(String(trouble)); });
  }

  function compare(own, due) {
    return post(own.primary, { action: "check", ticket: own.ticket }, "include").then(function (answer) {
      if (answer.result !== "replace") return settle(answer.result, due);
      return post(config.endpoint, { action: "replace", ticket: answer.ticket }, "same-origin").then(function (done) {
        return settle(done.result, due);
      });
    }, function () { return settle("unknown", due); }); // the primary could not be asked by script: blocked, or down
  }

  function settle(result, due) {
    if (result === "unknown" || result === "handshake") return handshake(due);
    store("localStorage", CHECKED, String(Date.now()));
    if (due) {
      try {
        document.cookie = config.due + "=0; path=/; max-age=" + config.interval + "; samesite=lax" +
          (location.protocol === "https:" ? "; secure" : "");
      } catch (blocked) { /* then the server's mark stays, and the next page checks again */ }
    }
    if (result === "replaced") replaced();
  }

  function replaced() {
    var wanted = document.dispatchEvent(new CustomEvent("tombolo:replaced", { cancelable: true }));
    if (config.reload !== "always" || !wanted || !mayReload || edited || leaving) return;
    if (youngerThan("sessionStorage", RELOADED, 10)) return; // once, whatever happens
    store("sessionStorage", RELOADED, String(Date.now()));
    if (!youngerThan("sessionStorage", RELOADED, 10)) return; // no memory, no reload: it could go on for ever
    location.reload();
  }

  function handshake(due) {
    if (!config.handshake || window.top !== window || !mayReload || edited || leaving) return;
    // What is due may be tried again soon, but never at once: a handshake that brings nothing must not go on for ever.
    if (youngerThan("localStorage", TRIED, due ? Math.min(30, config.interval) : config.interval)) return;
    store("localStorage", TRIED, String(Date.now()));
    if (!youngerThan("localStorage", TRIED, config.interval)) return;
    store("localStorage", CHECKED, String(Date.now()));
    location.replace(config.endpoint + "/start?to=" + encodeURIComponent(location.pathname + location.search) + location.hash);
  }

  // ---- links to sibling domains ------------------------------------------------------------------------------------

  var minted = {}; // host → {ticket, at}

  function sibling(host) {
    if (host === location.hostname) return false;
    return config.siblings.some(function (pattern) {
      if (pattern.slice(0, 2) !== "*.") return host === pattern;
      var label = host.slice(0, -(pattern.length - 1));
      return label !== "" && label.indexOf(".") < 0 && host === label + pattern.slice(1);
    });
  }

  function target(event) { // the link or form that is about to lead to a sibling, with its address
    var node = event.target;
    if (!node || !node.closest) return null;
    var element = event.type === "submit" ? node : node.closest("a[href], area[href], form");
    if (!element) return null;
    var isForm = element.localName === "form";
    if (isForm && element.method !== "get") return null; // a ticket arrives by GET
    try {
      var url = new URL(isForm ? element.action : element.href, document.baseURI);
      if (url.protocol !== location.protocol || url.port !== location.port || !sibling(url.hostname)) return null;
      return { element: element, isForm: isForm, url: url };
    } catch (invalid) { return null; }
  }

  function mint(event) {
    var to = target(event);
    if (!to || !mayLink()) return;
    var known = minted[to.url.hostname];
    if (known && Date.now() - known.at < config.ticketLifetime * 500) return;
    minted[to.url.hostname] = { ticket: null, at: Date.now() };
    post(config.endpoint, { action: "begin", to: to.url.hostname }, "same-origin").then(function (own) {
      if (own.result === "ticket") minted[to.url.hostname] = { ticket: own.ticket, at: Date.now() };
    }).catch(function (trouble) { console.debug(String(trouble)); });
  }

  function decorate(event) {
    if (event.defaultPrevented || event.button > 1) return; // a context menu could copy the ticket
    var to = target(event);
    var known = to && minted[to.url.hostname];
    if (!known || !known.ticket || Date.now() - known.at > config.ticketLifetime * 900) return;
    if (to.isForm !== (event.type === "submit")) return;
    delete minted[to.url.hostname]; // single use
    if (to.isForm) {
      var field = document.createElement("input");
      field.type = "hidden";
      field.name = config.parameter;
      field.value = known.ticket;
      to.element.appendChild(field);
      setTimeout(function () { field.remove(); }, 0);
    } else {
      var original = to.element.getAttribute("href");
      to.url.searchParams.set(config.parameter, known.ticket);
      to.element.setAttribute("href", to.url.href);
      setTimeout(function () { to.element.setAttribute("href", original); }, 0);
    }
  }

  if (config.links) {
    ["pointerdown", "touchstart", "focusin", "pointerover"].forEach(function (type) {
      addEventListener(type, mint, { capture: true, passive: true });
    });
    addEventListener("click", decorate); // bubble phase: the page's own handlers have had their say
    addEventListener("auxclick", decorate);
    addEventListener("submit", decorate);
  }

  if (config.fetch || config.handshake) {
    check();
    addEventListener("pageshow", function (event) { if (event.persisted) check(); });
  }
})
