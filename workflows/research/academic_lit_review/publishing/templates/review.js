(() => {
  "use strict";
  const card = document.getElementById("card");
  let pinned = null, shown = null, timer = 0;

  const make = (tag, text, name) => {
    const node = document.createElement(tag);
    if (name) node.className = name;
    if (text) node.textContent = text;
    return node;
  };

  const ofEvidence = (row, link) => {
    const [paper, kind, quote, page, found, read] = row.cells;
    const said = make("blockquote");
    for (const node of quote.querySelector("q").childNodes) said.append(node.cloneNode(true));
    const source = make("p");
    for (const node of paper.childNodes) source.append(node.cloneNode(true));
    const where = [page.textContent === "–" ? "" : "page " + page.textContent, row.dataset.section].filter(Boolean).join(" · ");
    const badges = make("p");
    badges.append(found.firstElementChild.cloneNode(true), read.firstElementChild.cloneNode(true));
    const table = make("a", "in the evidence table");
    table.href = link.hash;
    const last = make("p", kind.textContent + (where ? " · " + where : "") + " · ", "soft");
    last.append(table);
    return [said, source, make("p", row.dataset.title, "soft"), badges, last];
  };

  const ofReference = (item) => {
    const copy = make("p");
    for (const node of item.childNodes) copy.append(node.cloneNode(true));
    return [copy];
  };

  const place = (link) => {
    const box = link.getBoundingClientRect(), high = card.offsetHeight, wide = card.offsetWidth;
    const below = box.bottom + 8 + high < innerHeight || box.top < high + 8;
    card.style.left = Math.max(8, Math.min(box.left, document.documentElement.clientWidth - wide - 8)) + scrollX + "px";
    card.style.top = (below ? box.bottom + 8 : box.top - high - 8) + scrollY + "px";
  };

  const show = (link) => {
    const target = document.getElementById(link.hash.slice(1));
    if (!target) return;
    clearTimeout(timer);
    if (shown && shown !== link) shown.removeAttribute("aria-expanded");
    card.replaceChildren(...(target.cells ? ofEvidence(target, link) : ofReference(target)));
    card.hidden = false;
    link.setAttribute("aria-expanded", "true");
    shown = link;
    place(link);
  };

  const hide = () => {
    card.hidden = true;
    if (shown) shown.removeAttribute("aria-expanded");
    shown = pinned = null;
  };

  const later = () => { clearTimeout(timer); timer = setTimeout(() => { if (!pinned) hide(); }, 220); };

  for (const link of document.querySelectorAll("a.cite")) {
    link.addEventListener("mouseenter", () => { if (!pinned) show(link); });
    link.addEventListener("mouseleave", later);
    link.addEventListener("focus", () => { if (!pinned) show(link); });
    link.addEventListener("blur", later);
    link.addEventListener("click", (event) => {
      event.preventDefault();
      if (pinned === link) { hide(); return; }
      show(link);
      pinned = link;
      event.stopPropagation();
    });
  }
  card.addEventListener("mouseenter", () => clearTimeout(timer));
  card.addEventListener("mouseleave", later);
  card.addEventListener("focusin", () => { clearTimeout(timer); pinned = shown; });
  card.addEventListener("click", (event) => { if (event.target.hash) hide(); event.stopPropagation(); });
  document.addEventListener("click", hide);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && shown) { const back = shown; hide(); back.focus({ preventScroll: true }); hide(); }
  });

  const table = document.getElementById("table");
  if (!table) return;
  const rows = [...table.tBodies[0].rows], order = new Intl.Collator(undefined, { numeric: true });
  const key = (row, at) => row.cells[at].dataset.sort || row.cells[at].textContent.trim();
  [...table.tHead.rows[0].cells].forEach((head, at) => {
    const button = make("button", head.textContent);
    button.type = "button";
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      rows.sort((one, two) => order.compare(key(one, at), key(two, at)) * (up ? 1 : -1));
      table.tBodies[0].append(...rows);
    });
  });

  const sieve = document.getElementById("sieve"), told = document.getElementById("sieved");
  sieve.addEventListener("input", () => {
    const wanted = sieve.value.toLowerCase();
    let left = 0;
    for (const row of rows) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
      left += row.hidden ? 0 : 1;
    }
    told.textContent = wanted ? left + " of " + rows.length : "";
  });
})();
