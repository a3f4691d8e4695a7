"""`srbench explain`: under which of the field's conventions given images score a claimed number."""
