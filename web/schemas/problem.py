"""The response to a request that failed."""

from pydantic import Field

from web.contract.documents import Document


class ProblemDocument(Document):
    """A problem document (RFC 9457).

    Attributes:
        type: Identifies the class of problem; the reference describes each.
        title: The title of the class of problem.
        status: The HTTP status.
        detail: One line that says what happened and what to do, and names the field or the file.
        instance: The path of the request; empty if the request could not be read.
        request_id: The id of the request, which is also in the log of the server.
    """

    type: str = Field(examples=["urn:crossmodal:problem:invalid-request"])
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
