# Talk: `make run` serves, `make test` tests. Neither needs anything but Rust and a C compiler.

CARGO ?= cargo
SCHEMATHESIS_CASES ?= 20
NEXTEST := $(shell $(CARGO) nextest --version >/dev/null 2>&1 && echo yes)

.PHONY: run test lint mutants readme conformance chaos backup-chaos stops console pictures bench hostile erase config openapi openapi-check clients schemathesis emoji webhook-chaos conversation-chaos conversation-race webhooks sms smpp nginx help

run: ## Build and run a demo server on http://127.0.0.1:8095, data in ./data
	$(CARGO) run --quiet --package talk-server -- dev

test: ## Run every test
ifeq ($(NEXTEST),yes)
	$(CARGO) nextest run --workspace --all-features
else
	$(CARGO) test --workspace --all-features --lib --bins --tests
endif
	$(CARGO) test --package talk-domain --package conversation-channels --doc

lint: ## Formatting, clippy and documentation, warnings are errors
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --all-features -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --all-features --quiet

mutants: ## Change rules that differ from main one by one: a test must fail each time
	tests/mutants.sh

readme: ## Run README's commands and programs as printed (needs curl, Python and Node)
	$(CARGO) build --quiet --package talk-server --package talk-client
	tests/readme.sh target/debug/talk-server

conformance: ## Drive the cases of the Autobahn test suite against talk-socket (needs Python)
	$(CARGO) build --quiet --package talk-socket --example echo
	tests/conformance.sh target/debug/examples/echo

chaos: ## Kill the server 50 times under load: 100,000 posts, 100 followers
	TALK_CHAOS_KILLS=50 TALK_CHAOS_POSTS=100000 TALK_CHAOS_FOLLOWERS=100 \
		$(CARGO) test --release --package talk-server --test e2e chaos:: -- --nocapture

backup-chaos: ## Make 100 backups under load, while this or the server is killed
	TALK_BACKUPS=100 \
		$(CARGO) test --release --package talk-server --test e2e backups:: -- --nocapture

stops: ## Stop the server 100 times under load: none leaves a write-ahead log
	TALK_STOPS=100 $(CARGO) test --package talk-server --test e2e no_clean_stop -- --nocapture

bench: ## Measure how far the server is from the machine (crates/talk-bench/README.md)
	$(CARGO) build --release --package talk-server --package talk-bench
	target/release/talk-bench --server target/release/talk-server $(BENCH_ARGS)

hostile: ## Attack the server and measure what others feel of it (crates/talk-bench/README.md)
	$(CARGO) build --release --package talk-server --package talk-bench
	target/release/talk-bench hostile --server target/release/talk-server $(BENCH_ARGS)

erase: ## Erase an agent and delete a customer, and measure what others feel of it
	$(CARGO) build --release --package talk-server --package talk-bench
	target/release/talk-bench erase --server target/release/talk-server $(BENCH_ARGS)

config: ## Write config/talk.toml anew from the settings
	$(CARGO) run --quiet --package talk-server -- config > config/talk.toml

openapi: ## Write the OpenAPI and AsyncAPI documents and the list of errors anew from the code
	$(CARGO) run --quiet --package talk-http-actix --example describe

openapi-check: ## Lint the OpenAPI and AsyncAPI documents with default rules (needs Node)
	tests/openapi.sh

clients: ## Generate three clients of the OpenAPI document, compile and run them (needs Node and Python)
	$(CARGO) build --quiet --package talk-server
	tests/clients.sh target/debug/talk-server

schemathesis: ## Send generated requests to the server, as its OpenAPI document says (needs Python)
	$(CARGO) build --quiet --package talk-server
	tests/schemathesis.sh target/debug/talk-server $(SCHEMATHESIS_CASES)

webhook-chaos: ## Kill the server 20 times while receivers of 20,000 webhooks fail (TALK_WEBHOOK_MINUTES=60: for an hour)
	TALK_WEBHOOK_KILLS=20 TALK_WEBHOOK_CHATS=40 TALK_WEBHOOK_POSTS=25 $(CARGO) test --package talk-server --test e2e webhooks::chaos -- --nocapture

conversation-chaos: ## Kill the server 200 times at the steps of messages on their way in and out
	TALK_CONVERSATION_KILLS=200 $(CARGO) test --package talk-server --test e2e conversations::kills -- --nocapture

conversation-race: ## Let 64 first messages of each of 50 persons race at four accounts, 100 times
	TALK_RACE_PEOPLE=50 TALK_RACES=100 \
		$(CARGO) test --release --package talk-server --test e2e conversations::race -- --nocapture

webhooks: ## Verify deliveries of webhooks with the libraries of receivers (needs Python and Node)
	$(CARGO) build --quiet --package talk-server
	tests/webhooks.sh target/debug/talk-server

smpp: ## Judge SMPP by the message centre of the npm package smpp (needs Node)
	$(CARGO) build --quiet --package talk-server
	tests/smpp.sh target/debug/talk-server

sms: ## Judge SMS by the libraries of its providers (needs Python), and by their descriptions if they are there (needs Node)
	$(CARGO) build --quiet --package talk-server
	tests/sms.sh target/debug/talk-server

# Built with talk-bench, as `make bench` does: other features of shared libraries would link it twice.
console: ## Test the console in two browsers (needs Node and Chromium)
	$(CARGO) build --release --quiet --package talk-server --package talk-bench
	tests/console.sh target/release/talk-server $(CONSOLE_TEST)

pictures: ## Take README's pictures of the console anew (needs Node and Chromium)
	$(CARGO) build --quiet --package talk-server
	SHOTS=$(CURDIR)/crates/talk-console/pictures tests/console.sh target/debug/talk-server people

emoji: ## Compare the keys of reactions with Unicode's table of emoji (needs Python)
	$(CARGO) build --quiet --package talk-domain --example emoji_keys
	tests/emoji.sh target/debug/examples/emoji_keys

nginx: ## Check the server behind nginx with config/nginx.conf (needs nginx, openssl and Python)
	$(CARGO) build --quiet --package talk-server
	tests/nginx.sh target/debug/talk-server

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'
