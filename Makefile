# 城脉 Chengmai. On a fresh machine `make serve` or `make test` is all there is to type; the set-up is .ci/setup.
PORT ?= 8000
PYTEST := .venv/bin/pytest $(PYTEST_ARGS)
# Two at a time; what shares one costly thing (a server, a load of real data) stays together as an xdist_group.
TWO := -n 2 --dist loadgroup
FAST := not postgres and not spark and not browser and not slow and not chaos

.PHONY: screens help setup serve test test-fast lint bench chaos fuzz golden

help:
	@echo "make serve      set up what is missing, then open http://127.0.0.1:$(PORT)   (PORT=8080 for another port)"
	@echo "make test       everything: ruff, mypy, import contracts, all tests on DuckDB, PostgreSQL and Spark"
	@echo "make test-fast  DuckDB only, under a minute"
	@echo "make lint       ruff, mypy"
	@echo "make bench      timings as JSON lines; a missed bar is printed, it fails nothing"
	@echo "make fuzz       the tests marked fuzz, 5,000 examples each"
	@echo "make chaos      the tests marked chaos: servers are killed, nothing may be lost"
	@echo "make screens    pictures of the pages as they are now, in docs/screens"
	@echo "make golden     rewrite tests/golden from what the code says now; then review the diff"
	@echo "make setup      only the set-up: .venv with everything in it"

setup:
	@.ci/setup test

serve:
	@.ci/setup serve
	@exec .venv/bin/chengmai serve --port $(PORT)

lint:
	@.ci/setup test
	.venv/bin/ruff check .
	.venv/bin/mypy

test:
	@.ci/setup browser
	@$(MAKE) --no-print-directory lint
	$(PYTEST) $(TWO) -m "not chaos"

test-fast:
	@.ci/setup test
	$(PYTEST) $(TWO) -q --hypothesis-profile fast -m "$(FAST)"

bench:
	@.ci/setup serve
	@.venv/bin/chengmai bench

# pytest ends with 5 when no test has the mark: that is said, and it is not a success.
fuzz:
	@.ci/setup test
	@$(PYTEST) -m fuzz --timeout 0 --hypothesis-profile fuzz || { code=$$?; [ $$code -ne 5 ] || echo "fuzz: no test is marked fuzz; nothing was run"; exit $$code; }

chaos:
	@.ci/setup test
	@$(PYTEST) -m chaos || { code=$$?; [ $$code -ne 5 ] || echo "chaos: no test is marked chaos yet; nothing was run"; exit $$code; }

golden:
	@.ci/setup test
	$(PYTEST) -q --update-golden tests/golden tests/engine/checks/test_bad_examples.py tests/docs

screens:
	@.ci/setup browser
	@.venv/bin/python -m tests.browser.screens
