"""What Python itself brings: builtins, the methods of its values, and the parts of its standard library that scripts
use."""
