"""Responses about the people to share albums with."""

from web.contract.documents import Document


class PersonDocument(Document):
    """Someone with an account.

    Attributes:
        id: The id of the account.
        name: Its name.
    """

    id: int
    name: str


class PeopleList(Document):
    """The people with an account, in order of name."""

    people: list[PersonDocument]
