# Two commands for a machine with Python 3.10+, pip and make: `make demo` and `make test`.
# Each sets up .venv first; the stamp file keeps a second call from doing so again.

PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.shapecheck-ready
# The older line of transformers stands in a folder of its own, which the tests put in front of the newer one.
OLDER := $(VENV)/transformers4
SCRIPT := fixtures/scripts/loader_cls_broken.py

export OMP_NUM_THREADS := 1

.PHONY: demo test

# Shows one broken training script found and mended; fails unless the finding and a verified fix are on the screen.
demo: $(STAMP)
	@$(VENV)/bin/shapecheck run $(SCRIPT) > $(VENV)/demo.txt; status=$$?; cat $(VENV)/demo.txt; \
	grep -q '^error\[SHP101\] unpooled-classifier' $(VENV)/demo.txt && \
	grep -q '= fix, verified' $(VENV)/demo.txt && test $$status -eq 1

test: $(STAMP) $(OLDER)/.ready
	$(VENV)/bin/python -m pytest -n 2 --dist loadgroup

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "shapecheck needs Python 3.10 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --constraint constraints.txt --editable '.[trace,dev,docs]'
	@touch $@

$(OLDER)/.ready: constraints-transformers4.txt | $(STAMP)
	$(VENV)/bin/python -m pip install --quiet --no-deps --upgrade --target $(OLDER) --requirement $<
	@touch $@
