# `make run` and `make test` set everything up first; where nothing changed, that takes no time.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# uv takes a fraction of the time, where it is installed. It reads none of pip's settings, such as an
# index of one's own: where it fails, pip tries.
UV := $(shell command -v uv 2>/dev/null)
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --no-compile --constraint constraints.txt
install = $(if $(UV),$(UV) pip install --quiet --python $(BIN)/python --constraint constraints.txt $(1) || )$(PIP) $(1)
# A table that labels the photos already takes the captioner's place.
CAPTIONER ?= $(if $(CATALOGUE),table)
# What a model or an environment needs beyond the rest.
EXTRA := $(sort $(filter llama cluster,$(ENV) $(CAPTIONER) $(STYLIST)))
empty :=
comma := ,
PARAMS := $(subst $(empty) $(empty),$(comma),$(strip $(CAPTIONER:%=captioner=%) $(STYLIST:%=stylist=%)))
# A folder of any name: Kedro takes a comma in --params for the next parameter.
KEDRO = $(if $(PHOTOS),PHOTOS='$(PHOTOS)' )$(BIN)/kedro
CHOICES = $(ENV:%=--env %) $(if $(PARAMS)$(CATALOGUE),--params='$(PARAMS)$(if $(CATALOGUE),$(comma)catalogue=$(CATALOGUE))')
export KEDRO_DISABLE_TELEMETRY := 1
export HF_HUB_DISABLE_TELEMETRY := 1

.PHONY: help run demo review explore sheets test lint viz notebooks pictures train bench bench-demo bench-search bench-messages bench-understanding bench-pooling bench-review bench-scale bench-products bench-reports bench-learning bench-faults bench-llama docs clean photos-named

help: ## List these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-20s %s\n", $$1, $$2}'

run: $(VENV)/installed $(EXTRA:%=$(VENV)/installed-%) ## Turn photos into a searchable catalogue (PHOTOS=FOLDER, CAPTIONER=together|llama, ENV=cluster)
	$(KEDRO) run $(CHOICES)

demo: $(VENV)/installed $(EXTRA:%=$(VENV)/installed-%) ## Open the shopping assistant in the browser (PHOTOS=FOLDER for your own photos)
	@$(if $(CATALOGUE)$(PHOTOS),false,test -d data/07_model_output/lancedb) || $(KEDRO) run $(CHOICES)
	$(KEDRO) demo $(CHOICES)

review: $(VENV)/installed ## Check doubtful values of the catalogue in the browser
	$(KEDRO) review $(ENV:%=--env %)

explore: $(VENV)/installed-explore ## Show all photos of the catalogue as a map in the browser
	$(KEDRO) run --pipelines=explore $(ENV:%=--env %)
	$(BIN)/embedding-atlas data/08_reporting/catalogue_map.parquet --x x --y y --image picture --disable-projection

sheets: $(VENV)/installed ## Draw contact sheets of outfits to rate, with a form and a key
	$(KEDRO) run --pipelines=sheets $(ENV:%=--env %)

test: $(VENV)/installed-dev lint ## Lint and test (PYTEST_ARGS=…)
	OMP_NUM_THREADS=1 $(BIN)/pytest $(PYTEST_ARGS)

lint: $(VENV)/installed-dev ## Check format, style, spelling and types
	$(BIN)/ruff format --check src tests benchmarks notebooks docs
	$(BIN)/ruff check src tests benchmarks notebooks docs
	$(BIN)/codespell src conf docs tests notebooks benchmarks README.md CHANGELOG.md CONTRIBUTING.md
	$(BIN)/mypy --num-workers 2
	$(BIN)/lint-imports

viz: $(VENV)/installed ## Show pipelines and plots in the browser
	$(BIN)/kedro viz run

notebooks: $(VENV)/installed-notebooks ## Open the notebooks in the browser
	$(BIN)/kedro jupyter lab

docs: export NO_MKDOCS_2_WARNING := 1
docs: $(VENV)/installed-docs ## Build the documentation into site/ (SERVE=1 shows it at localhost:8000)
	$(BIN)/python docs/figures.py
	$(BIN)/mkdocs $(if $(SERVE),serve,build --strict)

pictures: $(VENV)/installed-dev photos-named ## Take the pictures of the docs again and render the notebooks (PHOTOS=FOLDER of the Clothing dataset)
	env -u PHOTOS PYTHONPATH=tests/support $(BIN)/python docs/take_pictures.py '$(PHOTOS)'

# Training asks for the same large blocks of memory at every step: kept, and not given back to the
# system in between, they make it a fifth faster (glibc; elsewhere the lines mean nothing).
train: export MALLOC_MMAP_MAX_ := 0
train: export MALLOC_TRIM_THRESHOLD_ := 8589934592
train: export MALLOC_TOP_PAD_ := 268435456
train: $(VENV)/installed-train photos-named ## Train a network on PHOTOS=FOLDER (TEACHER=TABLE for their labels)
	$(KEDRO) run --pipelines=ingest,distil $(if $(TEACHER),--params=distil.teacher='$(TEACHER)')

bench: $(VENV)/installed-dev photos-named ## Measure captioning on PHOTOS=FOLDER
	PYTHONPATH=tests/support $(BIN)/python benchmarks/bundled_captioner.py $(PHOTOS)
	PYTHONPATH=tests/support $(BIN)/python benchmarks/captioning.py $(PHOTOS)

bench-demo: $(VENV)/installed photos-named ## Measure how long customers wait (PHOTOS=FOLDER)
	$(KEDRO) run
	$(BIN)/python benchmarks/demo.py $(PHOTOS)

bench-search: $(VENV)/installed-dev photos-named ## Measure how well and how fast search finds (PHOTOS=FOLDER, ANNOTATIONS=TABLE)
	$(KEDRO) run --pipelines=__default__,evaluate --params=preset=recipe,details=true$(if $(ANNOTATIONS),$(comma)annotations='$(ANNOTATIONS)')
	PYTHONPATH=tests/support $(BIN)/python benchmarks/search.py

bench-messages: $(VENV)/installed photos-named ## Measure answers to messages (PHOTOS=FOLDER, CASES=FOLDER, ANNOTATIONS=FOLDER)
	$(KEDRO) run --params=preset=recipe,details=true
	$(BIN)/python benchmarks/messages.py '$(PHOTOS)' --cases '$(CASES)' --annotations '$(ANNOTATIONS)'

bench-understanding: $(VENV)/installed ## Measure how well messages are understood (MESSAGES=FOLDER, ANNOTATIONS=FOLDER, PROJECT=FOLDER, WRITERS=)
	$(BIN)/python benchmarks/understanding.py '$(MESSAGES)' --project '$(or $(PROJECT),.)' $(if $(ANNOTATIONS),--annotations '$(ANNOTATIONS)') $(WRITERS:%=--writers='%')

bench-review: $(VENV)/installed-dev photos-named ## Measure how many errors a review finds (PHOTOS=FOLDER, ANNOTATIONS=TABLE, NETWORK=FILE)
	$(KEDRO) run --pipelines=__default__,review$(if $(NETWORK), --params=network='$(NETWORK)')
	$(BIN)/python benchmarks/review.py --annotations '$(ANNOTATIONS)'$(if $(NETWORK), --network='$(NETWORK)')

bench-pooling: $(VENV)/installed-train photos-named ## Measure what several photos of a product add (PHOTOS=FOLDER, ANNOTATIONS=TABLE)
	$(BIN)/python benchmarks/pooling.py '$(PHOTOS)' --annotations '$(ANNOTATIONS)'

bench-scale: $(VENV)/installed-dev photos-named ## Measure time and memory as photos grow (PHOTOS=FOLDER)
	PYTHONPATH=tests/support $(BIN)/python benchmarks/scale.py '$(PHOTOS)'

bench-products: $(VENV)/installed-dev ## Measure a large shop, and a changed price (PRODUCTS=200000)
	PYTHONPATH=tests/support $(BIN)/python benchmarks/products.py --products $(or $(PRODUCTS),200000)

bench-reports: $(VENV)/installed ## Keep the figures of the last evaluate, distil and style (PROJECT=FOLDER)
	$(BIN)/python benchmarks/reports.py --project '$(or $(PROJECT),.)'

bench-learning: $(VENV)/installed ## Measure what learning from clicks finds in a simulated shop
	PYTHONPATH=tests/support $(BIN)/python benchmarks/learning.py

bench-faults: $(VENV)/installed-dev photos-named ## Kill parts of a cluster during a run, and count what is lost (PHOTOS=FOLDER)
	PYTHONPATH=tests/support $(BIN)/python benchmarks/faults.py '$(PHOTOS)'

bench-llama: $(VENV)/installed ## Measure Llama-3.2-11B-Vision on this machine's GPU
	$(BIN)/python benchmarks/llama.py

photos-named:
	@test -n "$(PHOTOS)" || { echo "Name a folder of photos: make $(MAKECMDGOALS) PHOTOS=FOLDER"; exit 1; }

clean: ## Remove the virtual environment
	rm -rf $(VENV)

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Lookbook needs Python 3.11 or newer; name one with PYTHON=")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(call install,--editable .)
	@touch $@

$(VENV)/installed-%: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(call install,--editable '.[$*]')
	@touch $@ $(VENV)/installed
