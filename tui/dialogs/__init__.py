"""Questions and previews: modal screens that hand back a result and know no service."""
