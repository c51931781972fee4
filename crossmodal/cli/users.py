"""`crossmodal users`."""

import sys
from pathlib import Path

import click

from crossmodal.arguments import resolve_path
from crossmodal.cli.output import json_option, print_json
from search.access.accounts import (
    AccountChange,
    NewAccount,
    add_account,
    change_account,
    find_other_sign_ins,
    open_accounts,
)
from search.access.passwords import MAX_LENGTH
from search.errors import UsageError
from search.open_home import OpenHome, open_home
from search.records import ACCOUNT_ROLES, Account, Role
from search.records.json_names import serialize_record
from search.settings import Settings
from search.storable import show_controls
from search.storage.activities import Activities

OPEN = "Without accounts, whoever uses this machine may do everything without signing in."
ROLES = click.Choice([str(role) for role in ACCOUNT_ROLES])
role_option = click.option("--role", type=ROLES, help="What the account may do.")
source_option = click.option(
    "--source",
    "paths",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A source that the account may read; repeat for more. Without it: all sources.",
)
password_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input instead of asking for it."
)


@click.group("users", invoke_without_command=True)
@json_option
@click.pass_context
def users_command(ctx: click.Context, as_json: bool) -> None:
    """List the accounts. Subcommands add, change and delete them."""
    if ctx.invoked_subcommand is not None:
        return
    with _open(ctx) as library:
        accounts = open_accounts(library).list_all()
        paths = {source.id: source.path for source in library.sources.list_all()}
    if as_json:
        print_json({"accounts": [serialize_record(account) for account in accounts]})
        return
    if not accounts:
        click.echo("There are no accounts. Only the person at this machine can use the library.")
    for account in accounts:
        click.echo(_describe(account, paths))


@users_command.command("add")
@click.argument("name")
@role_option
@source_option
@password_option
@click.option("--no-password", is_flag=True, help="Someone who signs in through the identity provider, or a proxy.")
@click.pass_context
def add_command(ctx: click.Context, /, name: str, role: str | None, paths: tuple[Path, ...], **given: bool) -> None:
    """Add an account. The first one must be an admin; from then on, everyone must sign in."""
    with _open(ctx) as library:
        accounts = open_accounts(library)
        chosen = Role(role) if role else Role.SEARCH if accounts.have_admin() else Role.ADMIN
        if chosen is not Role.ADMIN and not accounts.have_admin():
            raise UsageError("The first account must be an admin: add `--role admin`, or leave the role out.")
        sources = find_source_ids(library, paths) if paths else None
        password = None if given["no_password"] else _read_password(given["password_stdin"])
        account = add_account(library, NewAccount(name, chosen, sources, password))
        record_activity(library, "account-added", account.name)
    click.echo(f"Added {account.name} (role {account.role}). {_explain_sign_in(library.settings, password)}")


@users_command.command("change")
@click.argument("name")
@role_option
@source_option
@click.option("--all-sources", is_flag=True, help="Let the account read all sources.")
@click.option("--disable/--enable", "is_disabled", default=None, help="Whether the account can sign in.")
@click.pass_context
def change_command(ctx: click.Context, /, name: str, **given: object) -> None:
    """Change the role or the sources of an account, or whether it can sign in."""
    paths, role = given["paths"], Role(str(given["role"])) if given["role"] else None
    assert isinstance(paths, tuple)
    if paths and given["all_sources"]:
        raise UsageError("--source and --all-sources exclude each other. Use one of them.")
    disabled = given["is_disabled"]
    with _open(ctx) as library:
        account = open_accounts(library).find(name)
        change = AccountChange(
            role=role,
            is_disabled=disabled if isinstance(disabled, bool) else None,
            sets_sources=bool(paths or given["all_sources"]),
            sources=find_source_ids(library, paths) if paths else None,
        )
        change_account(library, account, change)
        record_activity(library, "account-changed", account.name)
    click.echo(f"Changed {account.name}.")


@users_command.command("password")
@click.argument("name")
@password_option
@click.pass_context
def password_command(ctx: click.Context, name: str, password_stdin: bool) -> None:
    """Set a new password of an account. Its sessions end, and so does the wait after wrong ones."""
    with _open(ctx) as library:
        account = open_accounts(library).find(name)
        change_account(library, account, AccountChange(password=_read_password(password_stdin)))
        record_activity(library, "password-changed", account.name)
    click.echo(f"{account.name} has a new password.")


@users_command.command("delete")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Delete the only account, too: without accounts, nobody needs to sign in.")
@click.pass_context
def delete_command(ctx: click.Context, name: str, yes: bool) -> None:
    """Delete an account with its keys and saved searches. Its albums stay."""
    with _open(ctx) as library:
        accounts = open_accounts(library)
        account = accounts.find(name)
        is_last = len(accounts.list_all()) == 1
        if is_last and not yes:
            raise UsageError(f"{account.name} is the only account. {OPEN} To delete it anyway, add `--yes`.")
        accounts.drop(account.id)
        record_activity(library, "account-deleted", account.name)
    click.echo(f"Deleted {account.name}. {OPEN if is_last else ''}".rstrip())


def _open(ctx: click.Context) -> OpenHome:
    settings: Settings = ctx.obj
    return open_home(settings, create=True)


def find_source_ids(library: OpenHome, paths: tuple[Path, ...]) -> list[int]:
    """Return the ids of sources by their path. Raises UsageError if a path is not a source."""
    known = {source.path: source.id for source in library.sources.list_all()}
    wanted = [resolve_path(path) for path in paths]
    unknown = [path for path in wanted if path not in known]
    if unknown:
        raise UsageError(f"--source: {unknown[0]} is not a source. `crossmodal status` lists the sources.")
    return [known[path] for path in wanted]


def _read_password(is_piped: bool) -> str:
    if is_piped:
        return sys.stdin.readline(MAX_LENGTH + 2).rstrip("\r\n")
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return password


def describe_sources(ids: tuple[int, ...] | None, paths: dict[int, str], everything: str) -> str:
    """Return the paths of sources, in words.

    Args:
        ids: The ids of the sources; None for all.
        paths: The paths of all sources by id.
        everything: What to return for all.
    """
    return everything if ids is None else ", ".join(paths.get(one, "?") for one in ids) or "no sources"


def record_activity(library: OpenHome, action: str, subject: str) -> None:
    """Store what was done on the command line."""
    Activities(library.database).add(None, action, subject, "the command line")


def _explain_sign_in(settings: Settings, password: str | None) -> str:
    """Return how somebody with a new account signs in."""
    others = find_other_sign_ins(settings)
    if password is not None:
        return "Sign in at the page, on the path /sign-in."
    if others.has_proxy:
        return "The proxy says who signs in; see the setting `user_header`."
    if others.has_provider:
        return "Sign in through the identity provider, with the same name there."
    return (
        "It cannot sign in yet: neither an identity provider nor `user_header` with `trusted_proxies` is set up. "
        "`crossmodal users password NAME` sets a password."
    )


def _describe(account: Account, paths: dict[int, str]) -> str:
    sources = describe_sources(account.sources, paths, "all sources")
    state = "  disabled" if account.is_disabled else ""
    last = f"last sign-in {account.signed_in_at}" if account.signed_in_at else "never signed in"
    return show_controls(f"{account.id:5} {account.role:7} {account.name}  {sources}  {last}{state}")
