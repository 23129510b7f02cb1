"""Who of the demo organisation plays whom: all belong to a team with three frameworks and an open assessment."""

PLAYERS = {
    "admin": "Dana Whitfield",
    "manager": "Sven Halvorsen",
    "lead": "Jordan Okafor",
    "member": "Tomás Rey",
    "viewer": "Maya Fontaine",
}
