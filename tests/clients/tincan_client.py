"""The `tincan` client, unchanged, against a running server: statements, states, profiles, and where the client ends."""

import hashlib
import json
import os
import uuid
from datetime import datetime, timezone

from tincan import Activity, ActivityDefinition, Agent, AgentAccount, Attachment, HTTPRequest, LanguageMap, RemoteLRS
from tincan import Result, Score, Statement, StatementRef, Verb
from tincan.documents import ActivityProfileDocument, AgentProfileDocument, StateDocument

lrs = RemoteLRS(
    version="1.0.3",
    endpoint=os.environ["LARKA_ADDRESS"] + "/xapi/",
    username=os.environ["LARKA_KEY"],
    password=os.environ["LARKA_SECRET"],
)


def done(response, what):
    assert response.success, f"{what}: {response.response.status} {response.data}"
    return response


def refused(response, status, what):
    assert not response.success and response.response.status == status, f"{what}: {response.response.status}"


def fails(call, fault, what):
    """What the client cannot do whatever the answer is."""
    try:
        call()
    except fault as found:
        return str(found)
    raise AssertionError(f"{what}: the client can do it by now")


def etag(response):
    """The client looks for the headers of an answer by names that they do not have."""
    assert response.content.etag is None
    return response.response.getheader("ETag")


# An answer that lists a version after 1.0.3 is none to the client, and ours lists 2.0.0 too.
assert "2.0.0" in fails(lrs.about, ValueError, "about")
about = done(lrs._send_request(HTTPRequest(method="GET", resource="about")), "about")
assert json.loads(about.data)["version"] == ["1.0.3", "2.0.0"]
assert about.response.getheader("X-Experience-API-Version") == "1.0.3"
head = done(lrs._send_request(HTTPRequest(method="HEAD", resource="about")), "HEAD of about")
assert head.data == "" and head.response.getheader("Content-Length") == str(len(about.data))

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


def certificate(place):
    return Attachment(
        usage_type="http://id.tincanapi.com/attachment/certificate-of-completion",
        display=LanguageMap({"sv": "Intyg åäö"}),
        content_type="application/pdf",
        length=5,
        sha2=hashlib.sha256(b"Intyg").hexdigest(),
        fileurl=place,
    )


# An attachment may lie elsewhere: of contents the client knows nothing, nor of answers that have them.
attached = statement(30)
attached.attachments = [certificate("https://larande.larkby.example/intyg/1.pdf")]
done(lrs.save_statement(attached), "PUT with an attachment")
back = done(lrs.retrieve_statement(attached.id), "GET with an attachment").content
assert back.attachments.to_json() == attached.attachments.to_json()
attached = statement(31)
attached.attachments = [certificate(None)]
refused(lrs.save_statement(attached), 400, "PUT with an attachment without its content")
fails(lambda: lrs.query_statements({"agent": actor, "attachments": "true"}), json.JSONDecodeError, "attachments")

# It writes True where the standard has true.
done(lrs.query_statements({"agent": actor, "ascending": True}), "True")
oldest = done(lrs.query_statements({"agent": actor, "ascending": "true", "limit": 1}), "true").content
assert oldest.statements[0].id == batch[0].id, "oldest first: the first of all is voided"


def state(name, content, **more):
    return StateDocument(id=name, activity=activity, agent=actor, content=content, **more)


def retrieved(name):
    answer = done(lrs.retrieve_state(activity, actor, name), f"GET of the state {name}")
    return answer.content.content.decode() if answer.response.status == 200 else answer.response.status


bookmark = state("sida", json.dumps({"sida": 7, "text": "åäö"}), content_type="application/json")
done(lrs.save_state(bookmark), "PUT of a state")
assert json.loads(retrieved("sida")) == {"sida": 7, "text": "åäö"}
done(lrs.save_state(state("anteckning", "ord", content_type="text/plain")), "PUT of a text")
assert retrieved("anteckning") == "ord"
# What is not ASCII it sends as Latin-1, and cannot read back.
done(lrs.save_state(state("anteckning", "läge", content_type="text/plain")), "PUT of a text in Latin-1")
fails(lambda: retrieved("anteckning"), UnicodeDecodeError, "GET of a text in Latin-1")
assert sorted(done(lrs.retrieve_state_ids(activity, actor), "GET of the ids").content) == ["anteckning", "sida"]
late = lrs.retrieve_state_ids(activity, actor, since="2100-01-01T00:00:00Z")
assert done(late, "GET of later ids").content == []
assert done(lrs.retrieve_state_ids(activity, actor, registration=registration), "of a registration").content == []
# It sends every state twice: with an ETag the second finds what the first has stored, and is refused.
before = etag(lrs.retrieve_state(activity, actor, "sida"))
bookmark = state("sida", json.dumps({"sida": 8}), content_type="application/json", etag=before)
refused(lrs.save_state(bookmark), 412, "PUT of a state with its ETag, for the second time")
assert json.loads(retrieved("sida")) == {"sida": 8}
refused(lrs.delete_state(bookmark), 412, "DELETE with an ETag of before")
bookmark.etag = etag(lrs.retrieve_state(activity, actor, "sida"))
done(lrs.delete_state(bookmark), "DELETE with its ETag")
assert retrieved("sida") == 404
done(lrs.clear_state(activity, actor), "DELETE of all states")
assert retrieved("anteckning") == 404
assert done(lrs.retrieve_state_ids(activity, actor), "GET of no ids").content == []


def profiles(resource, document, place, key, save, retrieve, retrieve_ids, delete):
    """Profiles of an activity or an agent: `document` and the client's calls are those of its `resource`."""
    profile = document(id="val", content=json.dumps({"utseende": "ljust"}), content_type="application/json", **place)
    assert done(retrieve_ids(), "GET of no ids").content == []
    # Without an ETag it sends no condition, which 1.0.3 demands of a PUT, and it knows no other than If-Match: what is
    # new takes a request of one's own.
    refused(save(profile), 400, f"PUT of {resource} without a condition")
    profile.etag = "*"
    refused(save(profile), 412, f"PUT of {resource} that is not there")
    assert done(retrieve(), "GET of none").response.status == 404
    request = HTTPRequest(method="PUT", resource=resource, content=profile.content)
    request.headers = {"Content-Type": profile.content_type, "If-None-Match": "*"}
    request.query_params = {"profileId": "val", **key}
    done(lrs._send_request(request), f"PUT of {resource} if there is none")
    refused(lrs._send_request(request), 412, f"PUT of {resource} if there is none, again")

    first = done(retrieve(), f"GET of {resource}")
    assert json.loads(first.content.content) == {"utseende": "ljust"}
    profile.etag = None
    refused(save(profile), 409, f"PUT of {resource} that is there, without a condition")
    profile.etag, profile.content = etag(first), json.dumps({"utseende": "mörkt"})
    done(save(profile), f"PUT of {resource} with its ETag")
    refused(save(profile), 412, f"PUT of {resource} with an ETag of before")
    second = done(retrieve(), f"GET of {resource}")
    assert json.loads(second.content.content) == {"utseende": "mörkt"}
    assert done(retrieve_ids(), "GET of the ids").content == ["val"]
    assert done(retrieve_ids("2100-01-01T00:00:00Z"), "GET of later ids").content == []
    refused(delete(profile), 412, f"DELETE of {resource} with an ETag of before")
    profile.etag = etag(second)
    done(delete(profile), f"DELETE of {resource} with its ETag")
    assert retrieve().response.status == 404
    assert done(retrieve_ids(), "GET of no ids").content == []


profiles(
    "activities/profile",
    ActivityProfileDocument,
    {"activity": activity},
    {"activityId": activity.id},
    lrs.save_activity_profile,
    lambda: lrs.retrieve_activity_profile(activity, "val"),
    lambda since=None: lrs.retrieve_activity_profile_ids(activity, since),
    lrs.delete_activity_profile,
)
profiles(
    "agents/profile",
    AgentProfileDocument,
    {"agent": actor},
    {"agent": actor.to_json("1.0.3")},
    lrs.save_agent_profile,
    lambda: lrs.retrieve_agent_profile(actor, "val"),
    lambda since=None: lrs.retrieve_agent_profile_ids(actor, since),
    lrs.delete_agent_profile,
)
print("tincan: statements put, posted, found in pages, voided; an attachment's place; states; profiles of both kinds")
