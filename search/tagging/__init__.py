"""Tags that the machine gives to images, from an editable vocabulary and the stored vectors."""
