"""Stand-ins for common packages that are not installed, by the package's name.

``__all__`` of each module lists what its package (with all submodules together) can do; other names absorb use.
``SESSION`` is set before first use.
"""
