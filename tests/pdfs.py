"""PDFs made in the tests: typeset ones, and ones put together by hand to be wrong in one particular way."""

import functools
import hashlib
import zlib

import typst

_PAD = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")


@functools.cache
def typeset(*pages: str, title: str = "", keywords: str = "") -> bytes:
    """Return a PDF with one page for each text."""
    head = f'#set document(title: "{title}", keywords: ("{keywords}",))\n'
    return bytes(typst.compile((head + "\n#pagebreak()\n".join(pages)).encode()))


def build(objects: dict[int, bytes], trailer: bytes = b"") -> bytes:
    """Return a PDF of raw `objects`; number 1 is the catalogue."""
    out, offsets = bytearray(b"%PDF-1.4\n"), {}
    for number, body in objects.items():
        offsets[number] = len(out)
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 1\n0000000000 65535 f \n"
    for number, offset in offsets.items():
        out += b"%d 1\n%010d 00000 n \n" % (number, offset)
    out += b"trailer\n<</Root 1 0 R /Size %d %b>>\nstartxref\n%d\n%%%%EOF\n" % (max(objects) + 1, trailer, start)
    return bytes(out)


def stream(content: bytes, entries: bytes = b"", *, packed: bool = False) -> bytes:
    """Return a stream object; `packed` content has been compressed already."""
    data = content if packed else zlib.compress(content)
    return b"<</Filter /FlateDecode /Length %d %b>>\nstream\n%b\nendstream" % (len(data), entries, data)


def paged(kids: bytes, count: int, more: dict[int, bytes] | None = None, trailer: bytes = b"") -> bytes:
    """Return a PDF whose page tree has these `kids` and claims `count` pages; object 3 is a page with content 4."""
    page = b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources <</Font <</F 5 0 R>>>>>>"
    font = b"<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>"
    words = stream(b"BT /F 12 Tf 50 700 Td (A page made by hand) Tj ET")
    catalogue, tree = b"<</Type /Catalog /Pages 2 0 R>>", b"<</Type /Pages /Kids [%b] /Count %d>>" % (kids, count)
    return build({1: catalogue, 2: tree, 3: page, 4: words, 5: font, **(more or {})}, trailer)


def scanned(pages: int = 1, *, text: str = "") -> bytes:
    """Return a PDF whose pages are one image each, with `text` laid under it invisibly, as OCR programs do."""
    image = stream(
        b"\x80", b"/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8"
    )
    shown = b"q 600 0 0 800 0 0 cm /I Do Q BT 3 Tr /F 12 Tf 14 TL 50 700 Td "
    lines = b"".join(b"(%b) Tj T* " % line.encode("latin-1") for line in text.split("\n") if line)
    numbers = range(10, 10 + pages)
    page = (
        b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R"
        b" /Resources <</Font <</F 5 0 R>> /XObject <</I 6 0 R>>>>>>"
    )
    more = {4: stream(shown + lines + b"ET"), 6: image, **dict.fromkeys(numbers, page)}
    return paged(b" ".join(b"%d 0 R" % number for number in numbers), pages, more)


def garbled() -> bytes:
    """Return a PDF of one page whose font gives its glyphs no meaning."""
    lines = b"".join(b"(%b) Tj T* " % (b"ABCDE" * (10 + number)) for number in range(15))
    font = (
        b"<</Type /Font /Subtype /Type1 /BaseFont /ABCDEF+Odd /FirstChar 65 /LastChar 69 /Widths [500 500 500 500 500]"
        b" /Encoding <</Type /Encoding /Differences [65 /g1 /g2 /g3 /g4 /g5]>>>>"
    )
    return paged(b"3 0 R", 1, {4: stream(b"BT /F 4 Tf 10 TL 20 780 Td " + lines + b"ET"), 5: font})


def locked(user: bytes, owner: bytes) -> bytes:
    """Return an encrypted PDF (standard security handler, revision 2) with one empty page."""
    salt = b"0123456789abcdef"
    stored = _rc4(hashlib.md5((owner + _PAD)[:32]).digest()[:5], (user + _PAD)[:32])
    rights = (-4).to_bytes(4, "little", signed=True)
    key = hashlib.md5((user + _PAD)[:32] + stored + rights + salt).digest()[:5]
    check = _rc4(key, _PAD).hex().encode()
    entries = b"/Filter /Standard /V 1 /R 2 /P -4 /O <%b> /U <%b>" % (stored.hex().encode(), check)
    ids = b"/Encrypt <<%b>> /ID [<%b> <%b>]" % (entries, salt.hex().encode(), salt.hex().encode())
    return paged(b"3 0 R", 1, {3: b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 600 800]>>"}, ids)


def bomb(content: bytes, mib: int) -> bytes:
    """Return a small PDF whose one page inflates to `mib` MiB of `content` repeated."""
    packer = zlib.compressobj(9)
    packed = packer.compress(content * ((1 << 20) // len(content))) + packer.flush(zlib.Z_FULL_FLUSH)
    return paged(b"3 0 R", 1, {4: stream(packed[:2] + packed[2:] * mib + b"\3\0", packed=True)})


def _rc4(key: bytes, data: bytes) -> bytes:
    box, j = list(range(256)), 0
    for i in range(256):
        j = (j + box[i] + key[i % len(key)]) % 256
        box[i], box[j] = box[j], box[i]
    out, j = bytearray(), 0
    for n, byte in enumerate(data, 1):
        i = n % 256
        j = (j + box[i]) % 256
        box[i], box[j] = box[j], box[i]
        out.append(byte ^ box[(box[i] + box[j]) % 256])
    return bytes(out)
