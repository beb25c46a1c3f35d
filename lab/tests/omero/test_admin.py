"""The administration service: what an administrator's client needs to set up users and groups."""

from __future__ import annotations

from typing import Any

import Glacier2
import omero
import pytest
from omero.rtypes import rbool, rstring

from lab.omero.setup import add_group, add_restricted_admin, add_user
from lab.tests.omero.conftest import World


def test_a_user_and_the_groups_it_is_in(world: World) -> None:
    admin = world.client("root").sf.getAdminService()
    alice = admin.lookupExperimenter("alice")
    assert alice.id.val == world.users["alice"]
    names = {link.parent.name.val for link in alice.copyGroupExperimenterMap()}
    assert names == {"private", "readonly", "annotate", "shared", "user"}
    assert admin.getDefaultGroup(alice.id.val).name.val == "private"
    contained = {group.name.val for group in admin.containedGroups(alice.id.val)}
    assert contained == names
    assert sorted(admin.getLeaderOfGroupIds(admin.lookupExperimenter("owner"))) == sorted(world.groups.values())


def test_a_group_with_its_permissions_and_members(world: World) -> None:
    admin = world.client("alice").sf.getAdminService()
    group = admin.lookupGroup("annotate")
    assert str(group.details.permissions) == "rwra--"
    members = {user.omeName.val for user in admin.containedExperimenters(group.id.val)}
    assert members >= {"alice", "bob", "owner"}
    assert {"system", "user", "annotate"} <= {group.name.val for group in admin.lookupGroups()}
    with pytest.raises(omero.ApiUsageException, match="No such group: nowhere"):
        admin.lookupGroup("nowhere")


def test_a_restricted_administrator_has_only_its_privileges(world: World) -> None:
    context = world.client("service").sf.getAdminService().getEventContext()
    assert context.isAdmin
    assert context.adminPrivileges == ["Sudo"]
    privileges = world.client("service").sf.getAdminService().getCurrentAdminPrivileges()
    assert [privilege.value.val for privilege in privileges] == ["Sudo"]
    with pytest.raises(omero.SecurityViolation):
        add_group(world.client("service"), "more")
    with pytest.raises(omero.SecurityViolation):
        add_user(world.client("service"), "more", "more", ["annotate"])


def test_names_are_taken_once(world: World) -> None:
    admin = world.client("root").sf.getAdminService()
    again, twice = omero.model.ExperimenterI(), omero.model.ExperimenterGroupI()
    again.omeName, again.firstName, again.lastName = rstring("alice"), rstring("A"), rstring("B")
    again.ldap = twice.ldap = rbool(False)
    twice.name = rstring("annotate")
    with pytest.raises(omero.ValidationException):
        admin.createUser(again, "annotate")
    with pytest.raises(omero.ValidationException):
        admin.createGroup(twice)


def test_membership_can_be_given_and_taken(world: World) -> None:
    root: Any = world.client("root")
    admin = root.sf.getAdminService()
    group = add_group(root, "temporary", "rwr---")
    user = omero.model.ExperimenterI(add_user(root, "comer", "comer", ["annotate"]), False)
    admin.addGroups(user, [omero.model.ExperimenterGroupI(group, False)])
    assert group in admin.getMemberOfGroupIds(user)
    admin.setDefaultGroup(user, omero.model.ExperimenterGroupI(group, False))
    assert admin.getDefaultGroup(user.id.val).id.val == group
    admin.removeGroups(user, [omero.model.ExperimenterGroupI(group, False)])
    assert group not in admin.getMemberOfGroupIds(user)
    with pytest.raises(omero.ValidationException):
        admin.removeGroups(user, [omero.model.ExperimenterGroupI(world.groups["annotate"], False)])


def test_passwords_can_be_changed(world: World) -> None:
    add_user(world.client("root"), "forgetful", "old", ["annotate"])
    client = world.lab.client("forgetful", "old")
    client.sf.getAdminService().changePasswordWithOldPassword(rstring("old"), rstring("new"))
    client.closeSession()
    with pytest.raises(Glacier2.PermissionDeniedException):
        world.lab.client("forgetful", "old")
    world.client("root").sf.getAdminService().changeUserPassword("forgetful", rstring("newer"))
    world.lab.client("forgetful", "newer").closeSession()


def test_privileges_of_an_administrator_can_be_changed(world: World) -> None:
    root: Any = world.client("root")
    user = omero.model.ExperimenterI(add_restricted_admin(root, "second", "second", ("Sudo", "Chgrp")), False)
    known = {kind.value.val: kind for kind in root.sf.getTypesService().allEnumerations("AdminPrivilege")}
    root.sf.getAdminService().setAdminPrivileges(user, [known["ReadSession"]])
    client = world.lab.client("second")
    assert client.sf.getAdminService().getEventContext().adminPrivileges == ["ReadSession"]
    client.closeSession()


def test_the_server_says_its_version_and_enumerations(world: World) -> None:
    factory = world.client("alice").sf
    assert factory.getConfigService().getVersion().startswith("5.6.")
    assert factory.getTypesService().getEnumeration("PixelsType", "uint16").value.val == "uint16"
    with pytest.raises(omero.ApiUsageException):
        factory.getTypesService().getEnumeration("PixelsType", "uint7")


def test_a_user_of_the_directory_is_made_by_whoever_administers(world: World) -> None:
    """omero-81."""
    service, name = world.client("service"), "dora"
    ldap = service.sf.getLdapService()
    assert ldap.getSetting() is False
    with pytest.raises(omero.ValidationException, match="User already exists: root"):
        ldap.createUser("root")
    with pytest.raises(omero.InternalException, match="CommunicationException"):
        ldap.createUser(name)
    with pytest.raises(omero.SecurityViolation, match="No matching roles"):
        world.client("alice").sf.getLdapService().createUser(name)
    with world.lab.directory({name: ["annotate", "shared"], "loner": []}):
        assert ldap.getSetting() is True
        made = ldap.createUser(name)
        assert (made.omeName.val, made.ldap.val) == (name, True)
        groups = service.sf.getAdminService().getMemberOfGroupIds(made)
        assert {world.groups["annotate"], world.groups["shared"]} < set(groups)
        with pytest.raises(omero.ApiUsageException, match="found=0"):
            ldap.createUser("nobody")
        with pytest.raises(omero.ValidationException, match="No group found"):
            ldap.createUser("loner")
