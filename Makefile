# The two commands of the README: `make demo` and `make test`. Each makes its own .venv on a machine with Python 3.11.
#
# Another build of PyTorch (CPU or CUDA, from another index):
#   make demo TORCH="torch==2.13.0 --index-url URL"     (URL: see the install page of pytorch.org)

PYTHON ?= $(shell command -v python3.11 || command -v python3)
TORCH ?= torch==2.13.0
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Tests run in so many processes, each with one thread of PyTorch.
JOBS ?= 2
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal

.PHONY: help demo test lint check prove prove-house prove-faults campaign-faults wheel measure-house bench-house bench-bundled bench-perplexity bench-long-memory bench-word-sense bench-startup bench-fresh-clone bench-pretrain \
	bench-tasks bench-task-time bench-corpus-sizes bench-chinese bench-chinese-tokens bench-change bench-neighbours bench-embed-growth bench-layers bench-ablation \
	bench-encoders bench-many-steps bench-growth bench-embed bench-embed-quality reproduce-probes clean
help:  ## Show the targets.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

.venv/.torch:
	@test -x "$(PYTHON)" || { echo "no python3.11 found; install Python 3.11 or newer, or: make PYTHON=/path/to/python"; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is older than Python 3.11; make PYTHON=/path/to/python3.11"; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' || { echo "$(PYTHON) cannot make virtual environments; on Debian: apt install python3-venv"; exit 2; }
	@echo "creating .venv, installing $(TORCH)"
	@$(PYTHON) -m venv .venv
	@$(PIP) $(TORCH)
	@touch $@

.venv/.demo: .venv/.torch pyproject.toml
	@echo "installing elmo with the extra for pictures"
	@$(PIP) -e '.[plots]'
	@touch $@

.venv/.dev: .venv/.torch pyproject.toml
	@echo "installing elmo with everything that its tests need"
	@$(PIP) -e '.[dev]'
	@touch $@ .venv/.demo

demo: .venv/.demo  ## Show how context changes the vectors of five words (a minute, after installing).
	@$(BIN)/elmo demo --force

test: .venv/.dev  ## Run the tests.
	@$(PYTEST)

lint: .venv/.dev  ## Check format, lint and types.
	@$(BIN)/ruff format --check --quiet src tests benchmarks || { echo "run: $(BIN)/ruff format src tests benchmarks"; exit 1; }
	@$(BIN)/ruff check --quiet src tests benchmarks
	@$(BIN)/mypy

check: lint test  ## Everything that a commit must pass (minutes).

prove: .venv/.dev  ## The slow tests: kill -9, the wheel in an empty environment, fuzzing (tens of minutes).
	@TORCH="$(TORCH)" $(PYTEST) -m slow

prove-house: .venv/.dev  ## Compare vectors, weights, losses and resumed runs bit for bit with an old commit (half an hour; needs ../shared).
	@$(BIN)/python -m benchmarks.measure.house.bitwise

prove-faults: .venv/.dev  ## Run the test of each fault on an old commit, where it must fail, and here (half an hour; needs ../shared).
	@$(BIN)/python -m benchmarks.measure.house.faults --save

campaign-faults: .venv/.dev  ## 20,000 mutated folders and files, 600 kills at random moments (half an hour).
	@$(BIN)/python -m benchmarks.campaigns.faults --save

wheel: .venv/.dev  ## Build the wheel into dist/, with the models in it.
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist . > /dev/null
	@ls dist/*.whl

measure-house: .venv/.dev  ## Largest folder, longest file, import cycles, untyped signatures, modules without a test.
	@$(BIN)/python -m benchmarks.measure.house.house_shape

bench-house: .venv/.dev  ## Speed of an old commit and of this one, measured in alternation (half an hour; needs ../shared).
	@$(BIN)/python -m benchmarks.measure.house.tree_speeds --save

bench-perplexity: .venv/.dev  ## Held-out perplexity compared with a unigram and a Kneser-Ney model (needs the texts in ../shared).
	@$(BIN)/python -m benchmarks.measure.models.perplexity --save

bench-long-memory: .venv/.dev  ## WikiText-2 with a cache and dynamic evaluation, by a model of recipes/wikitext2.toml (hours; needs ../shared).
	@$(BIN)/python -m benchmarks.measure.models.long_memory runs/wikitext2 --save

bench-bundled: .venv/.dev  ## Seconds to load the model in the package from a fresh wheel, and to embed a thousand sentences.
	@TORCH="$(TORCH)" $(BIN)/python -m benchmarks.measure.models.bundled --save

bench-word-sense: .venv/.dev  ## Accuracy of the nearest occurrence's sense, by layer (needs the data in ../shared).
	@$(BIN)/python -m benchmarks.measure.probes.word_sense --save

bench-startup: .venv/.dev  ## Seconds of `import elmo` and `elmo --help`.
	@$(BIN)/python -m benchmarks.measure.models.startup --save

bench-fresh-clone: .venv/.dev  ## Seconds of `make demo` and `make test` on a fresh clone, and again without network.
	@$(BIN)/python -m benchmarks.measure.models.fresh_clone --save

bench-pretrain: .venv/.dev  ## Training speed compared with a plain autograd loop, sizes tiny and small (needs WikiText-2 in ../shared).
	@$(BIN)/python -m benchmarks.measure.training.pretrain --save
	@$(BIN)/python -m benchmarks.measure.training.pretrain --size small --rows 128 --vocabulary 100000 --negatives 8192 --plain-rows 128 --save
	@for n in 100000 800000; do $(BIN)/python -m benchmarks.measure.training.pretrain --size small --rows 128 --vocabulary $$n --negatives 8192 \
		--precision bfloat16 --plain-rows 0 --save; done

bench-change: .venv/.dev  ## How often `elmo change` finds a change that was made, and how often it reports one that was not.
	@$(BIN)/python -m benchmarks.measure.probes.change --save

bench-corpus-sizes: .venv/.dev  ## Quality of models trained on 1, 10 and 50 MB of text; skips finished rows (hours in all).
	@$(BIN)/python -m benchmarks.measure.training.corpus_sizes
	@$(BIN)/python -m benchmarks.measure.training.corpus_sizes --write-docs

bench-chinese: .venv/.dev  ## Held-out perplexity of the Chinese model compared with Kneser-Ney (minutes; needs ../shared).
	@$(BIN)/python -m benchmarks.measure.models.chinese --save

bench-chinese-tokens: .venv/.dev  ## Characters or words as the tokens of Chinese (half an hour; installs jieba).
	@$(PIP) 'jieba>=0.42'
	@$(BIN)/python -m benchmarks.measure.models.chinese_tokens --save

bench-tasks: .venv/.dev  ## Scores of each task with and without ELMo; skips finished rows (many hours in all).
	@$(BIN)/python -m benchmarks.measure.tasks.tasks --only conll2003 --only sst2 --seeds 6
	@$(BIN)/python -m benchmarks.measure.tasks.tasks --only clinc150 --only semeval2010-8 --seeds 3
	@$(BIN)/python -m benchmarks.measure.tasks.tasks
	@$(BIN)/python -m benchmarks.measure.tasks.tasks --only conll2003 --only sst2 --tuned
	@$(BIN)/python -m benchmarks.measure.tasks.tasks --only conll2003 --only sst2 --fractions 1,5,20
	@$(BIN)/python -m benchmarks.measure.tasks.tasks --write-docs

bench-task-time: .venv/.dev  ## Seconds to train and test on WNUT-17, and to tag 1,000 sentences (five minutes).
	@$(BIN)/python -m benchmarks.measure.tasks.task_time --save

.venv/.gensim: .venv/.dev
	@echo "installing gensim, which trains Word2Vec and fastText"
	@$(PIP) -e '.[gensim]'
	@touch $@

reproduce-probes: .venv/.gensim  ## All figures of docs/probes.md and elmo-vs-static.md; KEEP=1 skips those in results/ (hours; needs ../shared).
	@$(BIN)/python -m benchmarks.measure.probes.probes $(if $(KEEP),,--again)
	@$(BIN)/python -m benchmarks.measure.probes.probes --write-docs

bench-layers: .venv/.dev  ## Compare all output and input layers; skips finished rows (hours in all).
	@$(BIN)/python -m benchmarks.measure.training.layers
	@$(BIN)/python -m benchmarks.measure.training.layers --speeds --write-docs

bench-ablation: .venv/.dev  ## Contribution of each part of the biLM; skips finished rows (eight hours of one thread in all; needs ../shared).
	@OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.measure.training.ablation --save
	@$(BIN)/python -m benchmarks.measure.training.ablation --write-docs

bench-encoders: .venv/.dev  ## The LSTM and a gated CNN with as many weights, 20 minutes each on WikiText-2 (needs ../shared).
	@$(BIN)/python -m benchmarks.measure.training.encoders
	@$(BIN)/python -m benchmarks.measure.training.encoders --write-docs

bench-many-steps: .venv/.dev  ## Memory over 100,000 steps of a tiny model (a quarter of an hour).
	@$(BIN)/python -m benchmarks.measure.training.many_steps --save

bench-growth: .venv/.dev  ## Speed and memory of reading and training on 1 MB to 2 GB of text (tens of minutes, 6 GB of disk).
	@$(BIN)/python -m benchmarks.measure.training.growth --save

.venv-rivals/.done: .venv/.torch pyproject.toml
	@echo "creating .venv-rivals, with AllenNLP 2.10.1 (without its dependencies, which no longer install)"
	@$(PYTHON) -m venv .venv-rivals
	@.venv-rivals/bin/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	@.venv-rivals/bin/python -m pip install --quiet --disable-pip-version-check -e .
	@.venv-rivals/bin/python -m pip install --quiet --disable-pip-version-check --no-deps allennlp==2.10.1
	@.venv-rivals/bin/python -m pip install --quiet --disable-pip-version-check \
		tqdm requests filelock packaging pyyaml more-itertools typer==0.4.2 2> /dev/null
	@.venv-rivals/bin/python -m pip install --quiet --disable-pip-version-check --no-deps elmoformanylangs==0.0.4.post2 overrides==3.1.0
	@touch $@

.venv-simple-elmo/.done:
	@echo "creating .venv-simple-elmo, with simple_elmo 0.9.2 and the TensorFlow version that it needs"
	@$(PYTHON) -m venv .venv-simple-elmo
	@.venv-simple-elmo/bin/python -m pip install --quiet --disable-pip-version-check \
		tensorflow-cpu==2.15.1 'numpy<2' simple_elmo==0.9.2
	@touch $@

bench-embed-growth: .venv/.dev  ## Speed and memory of embedding 10 thousand to a million sentences (half an hour).
	@$(BIN)/python -m benchmarks.measure.embedding.embed_growth --save

bench-neighbours: .venv/.dev  ## Query time of an index over a million words (minutes; needs the texts in ../shared).
	@$(BIN)/python -m benchmarks.measure.embedding.neighbours --save

bench-embed: .venv-rivals/.done .venv-simple-elmo/.done  ## Speed of embedding compared with other programs (half an hour; needs ../shared).
	@.venv-rivals/bin/python -W ignore -m benchmarks.measure.embedding.embed --save
	@.venv-rivals/bin/python -m benchmarks.measure.embedding.embed --write-docs

bench-embed-quality: .venv/.dev  ## Effect of dtype and start state on a probe of parts of speech (minutes; needs ../shared).
	@$(BIN)/python -W ignore -m benchmarks.measure.embedding.embed_quality --save

clean:  ## Remove what was built; keep .venv.
	@rm -rf build dist elmo-demo src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
