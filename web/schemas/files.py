"""Files in multipart forms."""

from typing import Annotated

from pydantic import BaseModel, Field, WithJsonSchema

# A file of a form. The views read files from the request; this type only describes them.
File = Annotated[bytes, WithJsonSchema({"type": "string", "format": "binary"})]


class QueryImageForm(BaseModel):
    """An image to store.

    Attributes:
        image: The image, in any supported format.
    """

    image: File


class UploadForm(BaseModel):
    """Files to store and index.

    Attributes:
        file: The files, with their names.
    """

    file: list[File] = Field(min_length=1)
