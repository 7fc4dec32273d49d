// Zoom's own library, told by its own options where to go and what to show.

import { readFileSync } from "node:fs";
import { MeetingsS2SAuthClient } from "@zoom/rivet/meetings";
import { UsersS2SAuthClient } from "@zoom/rivet/users";

const secret = readFileSync(process.env.ZOOM_SECRET, "utf8").trim();

const options = {
    clientId: "none", clientSecret: "none", accountId: "none",
    disableReceiver: true, baseUrl: process.env.ZOOM_REST,
    tokenStore: {
        getLatestToken: () => ({
            accessToken: secret, scopes: [],
            expirationTimeIso: new Date(Date.now() + 3.6e6).toISOString(),
        }),
        storeToken: () => { throw new Error("it went for a token"); },
    },
};

const { meetings, tracking_fields: fields } = new MeetingsS2SAuthClient(options)
                                                  .endpoints;
const { users } = new UsersS2SAuthClient(options).endpoints;
const twice = new MeetingsS2SAuthClient({ ...options, doubleEncodeUrl: true });


function say(name, ...values) {
    console.log([name, values.join(" ")].join("\t"));
}


async function told(name, call, member = "endpoint") {
    try {
        const { statusCode, data } = await call();

        say(name, statusCode, data[member]);

    } catch (err) {
        say(name, err.name, err.message);
    }
}


await told("get", () => meetings.getMeeting(
    { path: { meetingId: 85746065432 } }));
await told("query", () => meetings.getMeeting(
    { path: { meetingId: 85746065432 },
      query: { occurrence_id: "a b" } }), "query");
await told("post", () => meetings.createMeeting(
    { path: { userId: "bots@example.com" }, body: { topic: "x" } }));
await told("put", () => meetings.updateMeetingStatus(
    { path: { meetingId: 85746065432 }, body: { action: "end" } }));
await told("patch", () => meetings.updateMeeting(
    { path: { meetingId: 85746065432 }, body: { topic: "\u00e9" } }));
await told("delete", () => meetings.deleteMeeting(
    { path: { meetingId: 85746065432 } }));
await told("unknown", () => users.getUser(
    { path: { userId: "nobody@example.com" } }));
await told("list", async () => {
    const { statusCode, data } = await users.listUsers({});

    return { statusCode, data: { endpoint: data.users.length } };
});

// It puts values into paths as they are: encoding is up to its caller.  Its own
// option encodes the whole path, with the slashes between its segments.
const uuid = "/ajXp112QmuoKj4854875//==";

await told("uuid", () => meetings.getPastMeetingDetails(
    { path: { meetingId: encodeURIComponent(encodeURIComponent(uuid)) } }));
await told("once", () => meetings.getPastMeetingDetails(
    { path: { meetingId: encodeURIComponent(uuid) } }));
await told("option", () => twice.endpoints.meetings.getPastMeetingDetails(
    { path: { meetingId: uuid } }));
