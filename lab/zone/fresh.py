"""What a zone has when it is new: its tables, administrator, first collections and first resource."""

from lab.zone.catalog import access, collections, resources, users
from lab.zone.catalog.store import CatalogStore, now
from lab.zone.selection import DEFAULT_RESOURCE
from lab.zone.settings import ADMINISTRATOR, PASSWORD, Settings


def prepare(settings: Settings) -> None:
    """Make the zone if the state directory has none; else forget what a former server had under way."""
    settings.state.mkdir(parents=True, exist_ok=True)
    exists = settings.catalog.exists()
    store = CatalogStore(settings.catalog)
    try:
        if exists:
            store.write("delete from replica_token")
        else:
            store.create()
            with store.transaction():
                _fill(store, settings)
    finally:
        store.close()


def _fill(store: CatalogStore, settings: Settings) -> None:
    zone = settings.zone
    store.write("insert into r_zone_main values (9000, ?, 'local', '', '', ?, ?)", zone, now(), now())
    public = users.add(store, "public", users.GROUP, zone)
    users.add(store, "rodsadmin", users.GROUP, zone)
    administrator = users.add(store, ADMINISTRATOR, users.ADMINISTRATOR, zone, PASSWORD)
    for path in ("/", f"/{zone}", f"/{zone}/home", f"/{zone}/trash", f"/{zone}/trash/home"):
        identifier = collections.insert(store, path, administrator)
        access.grant(store, administrator.id, identifier, access.OWN)
        access.grant(store, public.id, identifier, access.READ)
    add_home(store, administrator)
    public_home = collections.insert(store, f"/{zone}/home/public", administrator)
    access.grant(store, public.id, public_home, access.OWN)
    access.grant(store, administrator.id, public_home, access.OWN)
    vault = settings.vaults / DEFAULT_RESOURCE
    resources.add(store, DEFAULT_RESOURCE, "unixfilesystem", f"localhost:{vault}", context="", zone=zone)


def add_home(store: CatalogStore, user: users.User) -> None:
    """Make the collections that a user has, home and trash, on which nobody else has rights (zone-111)."""
    for path in (f"/{user.zone}/home/{user.name}", f"/{user.zone}/trash/home/{user.name}"):
        identifier = collections.insert(store, path, user)
        access.grant(store, user.id, identifier, access.OWN)
