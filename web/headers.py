"""Headers of every response that tell browsers what a page may do, and who may use a response."""

from flask import Flask, Response, request

from web.hosts import is_loopback, normalize

# Pages load only files of this server and cannot be shown in frames.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# The search page records spoken queries, copies paths and shows media on the whole screen.
USED_FEATURES = ("autoplay", "clipboard-write", "fullscreen", "microphone", "picture-in-picture")
UNUSED_FEATURES = (
    "accelerometer",
    "camera",
    "clipboard-read",
    "display-capture",
    "encrypted-media",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "local-fonts",
    "magnetometer",
    "midi",
    "payment",
    "screen-wake-lock",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
FEATURES = ", ".join(
    [*(f"{name}=(self)" for name in USED_FEATURES), *(f"{name}=()" for name in UNUSED_FEATURES)],
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": FEATURES,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
# One year, in seconds. Other names of the same domain may have no certificate.
STRICT_TRANSPORT = "max-age=31536000"


def register(app: Flask) -> None:
    """Send the headers with every response."""

    @app.after_request
    def _harden(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        # Elsewhere browsers ignore it, and write an error to their console.
        if request.is_secure or is_loopback(normalize(request.headers.get("Host", ""))):
            response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if request.is_secure:
            response.headers.setdefault("Strict-Transport-Security", STRICT_TRANSPORT)
        return response
