"""The `tincan` client, unchanged, against a running server: save, query, page, void, read back."""

import os
import uuid
from datetime import datetime, timezone

from tincan import Activity, ActivityDefinition, Agent, AgentAccount, LanguageMap, RemoteLRS, Result, Score
from tincan import Statement, StatementRef, Verb

lrs = RemoteLRS(
    version="1.0.3",
    endpoint=os.environ["LARKA_ADDRESS"] + "/xapi/",
    username=os.environ["LARKA_KEY"],
    password=os.environ["LARKA_SECRET"],
)


def done(response, what):
    assert response.success, f"{what}: {response.response.status} {response.data}"
    return response


# Its about() is left out: the client refuses any answer that lists a version after 1.0.3, and ours lists 2.0.0 too.

actor = Agent(
    name="Provperson",
    account=AgentAccount(home_page="https://login.larkby.example", name=f"tincan-{uuid.uuid4()}"),
)
activity = Activity(
    id=f"https://larande.larkby.example/kurser/prov/{uuid.uuid4()}",
    definition=ActivityDefinition(name=LanguageMap({"sv": "Källkritik åäö"})),
)
verb = Verb(id="http://adlnet.gov/expapi/verbs/passed", display=LanguageMap({"en": "passed"}))
registration = uuid.uuid4()


def statement(n):
    return Statement(
        id=uuid.uuid4(),
        actor=actor,
        verb=verb,
        object=activity,
        result=Result(score=Score(scaled=0.5 + n / 100), success=True),
        context={"registration": str(registration)},
        timestamp=datetime.now(timezone.utc),
    )


single = statement(0)
done(lrs.save_statement(single), "PUT of one statement")
batch = [statement(n) for n in range(1, 25)]
for one in batch:
    one.id = None
saved = done(lrs.save_statements(batch), "POST of a batch").content
assert len(saved) == 24 and all(one.id for one in saved)

back = done(lrs.retrieve_statement(single.id), "GET of one statement").content
assert str(back.id) == str(single.id)
assert back.object.definition.name["sv"] == "Källkritik åäö"
assert back.result.score.scaled == 0.5 and back.stored is not None and back.authority is not None

page = done(lrs.query_statements({"agent": actor, "verb": verb, "activity": activity, "limit": 10}), "query").content
seen = [str(s.id) for s in page.statements]
while page.more:
    page = done(lrs.more_statements(page.more), "more").content
    seen += [str(s.id) for s in page.statements]
assert len(seen) == 25 and len(set(seen)) == 25, seen
assert seen[-1] == str(single.id), "newest first"

void = Statement(
    actor=actor,
    verb=Verb(id="http://adlnet.gov/expapi/verbs/voided"),
    object=StatementRef(id=single.id),
)
done(lrs.save_statement(void), "voiding")
assert lrs.retrieve_statement(single.id).response.status == 404
done(lrs.retrieve_voided_statement(single.id), "GET of the voided statement")
print("tincan: 1 put, 24 posted, 25 found in pages, 1 voided")
