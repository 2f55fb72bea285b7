// Run through WebDriver in a page of the same origin: loads each address in a window of its own (a top-level navigation,
// as a visitor's), several at once, and returns for each what the browser made of it, one line a node, with everything
// that scripts and styles can see. `null` stands for a page that never finished loading.
const [addresses, lanes, patience, done] = arguments;
const waiting = [...addresses];
const found = {};

function describe(root) {
  const lines = [];
  const children = (node, depth) => node.childNodes.forEach(child => walk(child, depth));
  function walk(node, depth) {
    const put = (...what) => lines.push(" ".repeat(depth) + JSON.stringify(what));
    switch (node.nodeType) {
      case Node.DOCUMENT_NODE:
        put("document", node.compatMode, node.characterSet, node.contentType);
        break;
      case Node.DOCUMENT_TYPE_NODE:
        put("doctype", node.name, node.publicId, node.systemId);
        break;
      case Node.ELEMENT_NODE:
        element(node, depth, put);
        break;
      case Node.PROCESSING_INSTRUCTION_NODE:
        put("instruction", node.target, node.data);
        break;
      default: // text, CDATA sections, comments
        put(node.nodeName, node.data);
    }
    children(node, depth + 1);
  }
  function element(node, depth, put) {
    const attributes = Array.from(node.attributes, each => [each.namespaceURI, each.name, each.value]);
    put("element", node.namespaceURI, node.nodeName, ...attributes);
    const content = node.localName === "template" ? node.content : null;
    for (const [name, inner] of [["template", content], ["shadow", node.shadowRoot], ["frame", node.contentDocument]]) {
      if (!inner) continue;
      put(name);
      inner.nodeType === Node.DOCUMENT_NODE ? walk(inner, depth + 2) : children(inner, depth + 2);
    }
  }
  walk(root, 0);
  return lines;
}

function isLoaded(page, address) {
  try {
    return page.location.href === address && page.document.readyState === "complete";
  } catch (elsewhere) {
    return false;
  }
}

const pause = () => new Promise(resolve => setTimeout(resolve, 4));

const open = () => window.open("about:blank", "_blank", "popup,width=800,height=600");

async function lane() {
  let page = open();
  for (let address; (address = waiting.shift()); ) {
    page.location.replace(address);
    const late = performance.now() + patience;
    while (!isLoaded(page, address) && performance.now() < late) await pause();
    await pause(); // what the load event's listeners have put off
    found[address] = isLoaded(page, address) ? describe(page.document) : null;
    if (found[address]) continue;
    page.close(); // whatever became of it, the next one shall not suffer
    page = open();
  }
  page.close();
}

Promise.all(Array.from({ length: lanes }, lane)).then(() => done(found), error => done({ "": [String(error)] }));
