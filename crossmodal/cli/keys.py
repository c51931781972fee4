"""`crossmodal keys`."""

from dataclasses import asdict

import click

from crossmodal.cli.output import json_option, print_json
from crossmodal.cli.users import ROLES, describe_sources, find_source_ids, record_activity, source_option
from search.access.keys import add_key
from search.access.tokens import MAX_DAYS, expire_after
from search.open_home import OpenHome, open_home
from search.records import Role
from search.settings import Settings
from search.storable import show_controls
from search.storage.accounts import Accounts
from search.storage.api_keys import ApiKeys, NewKey


@click.group("keys", invoke_without_command=True)
@json_option
@click.pass_context
def keys_command(ctx: click.Context, as_json: bool) -> None:
    """List the API keys. Subcommands add and delete them."""
    if ctx.invoked_subcommand is not None:
        return
    with _open(ctx) as library:
        keys = ApiKeys(library.database).list_all()
        names = {account.id: account.name for account in Accounts(library.database).list_all()}
        paths = {source.id: source.path for source in library.sources.list_all()}
    if as_json:
        print_json({"keys": [asdict(key) for key in keys]})
        return
    for key in keys:
        expiry = f"expires {key.expires_at}" if key.expires_at else "does not expire"
        used = f"last used {key.last_used_at}" if key.last_used_at else "never used"
        sources = describe_sources(key.sources, paths, "all sources of the account")
        line = f"{key.id:5} {key.prefix}… {key.role:7} {names[key.account_id]}: {key.name}  {sources}  {expiry}  {used}"
        click.echo(show_controls(line))


@keys_command.command("add")
@click.argument("account")
@click.option("--name", default="command line", show_default=True, help="What the key is for.")
@click.option("--role", type=ROLES, default=str(Role.SEARCH), show_default=True, help="The most that it may do.")
@source_option
@click.option("--days", type=click.IntRange(1, MAX_DAYS), help="Days after which it expires [default: never].")
@json_option
@click.pass_context
def add_command(ctx: click.Context, /, account: str, as_json: bool, **given: object) -> None:
    """Add an API key for an account, and print it. It is not stored and cannot be shown again."""
    name, role, paths, days = given["name"], Role(str(given["role"])), given["paths"], given["days"]
    assert isinstance(paths, tuple)
    with _open(ctx) as library:
        owner = Accounts(library.database).find(account)
        sources = find_source_ids(library, paths) if paths else None
        expires_at = expire_after(days if isinstance(days, int) else None)
        added = add_key(library.database, owner, NewKey(str(name), role, sources, expires_at))
        record_activity(library, "key-added", added.key.prefix)
    if as_json:
        print_json(asdict(added.key) | {"key": added.text})
    else:
        click.echo(added.text)


@keys_command.command("delete")
@click.argument("key", type=int)
@click.pass_context
def delete_command(ctx: click.Context, key: int) -> None:
    """Delete an API key. Requests with it are refused from then on."""
    with _open(ctx) as library:
        found = ApiKeys(library.database).get(key)
        ApiKeys(library.database).drop(key)
        record_activity(library, "key-deleted", found.prefix)
    click.echo(f"Deleted {found.prefix}….")


def _open(ctx: click.Context) -> OpenHome:
    settings: Settings = ctx.obj
    return open_home(settings)
