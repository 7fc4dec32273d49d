/* The tokens of a meeting. */

#include "zoom_jointoken.h"
#include "zoom_json.h"
#include "zoom_time.h"
#include "zoom_token.h"
#include "zoom_uri.h"


#define ZOOM_JOINTOKEN_LIFE  120


typedef struct {
    const char           *path;
    const char           *scope;             /* as advice */
    const char           *webinar_scope;
} zoom_jointoken_kind_t;


static void zoom_jointoken_refine(zoom_token_type_e what, int webinar,
    zoom_verdict_t *v);
static int64_t zoom_jointoken_life(const json_t *root);


static const zoom_jointoken_kind_t  zoom_jointoken_kinds[] = {

    [ZOOM_LOCAL_RECORDING] = { "/jointoken/local_recording",
        "add scope meeting:read:local_recording_token:admin to the app and "
        "activate it again",
        "add scope webinar:read:local_recording_token:admin to the app and "
        "activate it again" },

    [ZOOM_LIVE_STREAMING] = { "/jointoken/live_streaming",
        "add scope meeting:read:live_streaming_token:admin to the app and "
        "activate it again",
        "add scope webinar:read:live_streaming_token:admin to the app and "
        "activate it again" },

    [ZOOM_LOCAL_ARCHIVING] = { "/jointoken/local_archiving",
        "add scope meeting:read:local_archiving_token:admin to the app and "
        "activate it again",
        "add scope webinar:read:local_archiving_token:admin to the app and "
        "activate it again" },
};


void
zoom_jointoken_path(zoom_buf_t *b, zoom_token_type_e what, zoom_str_t meeting,
    int webinar, int bypass)
{
    zoom_buf_c(b, webinar ? "/webinars/" : "/meetings/");
    zoom_uri_escape(b, meeting);
    zoom_buf_c(b, zoom_jointoken_kinds[what].path);

    if (bypass && !webinar && what == ZOOM_LOCAL_RECORDING) {
        zoom_buf_c(b, "?bypass_waiting_room=true");
    }
}


void
zoom_jointoken_classify(const zoom_response_t *a, int64_t now,
    const zoom_jointoken_t *what, zoom_buf_t *token, int64_t *expires,
    zoom_verdict_t *v)
{
    size_t    start;
    json_t   *root;
    int64_t   life;

    static const zoom_token_look_t  look = { zoom_token_form, "join token" };

    *expires = 0;
    start = token->len;

    root = zoom_json_load(a->body, NULL);

    if (zoom_token_take(a, root, now, &look, token, v) != 0) {
        zoom_jointoken_refine(what->type, what->webinar, v);

    } else {
        life = zoom_jointoken_life(root);

        if (life > 0) {
            *expires = now + life;

        } else {
            zoom_wipe(token->data + start, token->len - start);
            token->len = start;

            zoom_verdict_set(v, ZOOM_RETRY, ZOOM_E_ZOOM_INVALID, NULL);
            zoom_verdict_words(v, zoom_str_c("join token expired at "
                                             "birth"));
        }
    }

    zoom_json_wipe(json_object_get(root, "token"));
    json_decref(root);
}


/* What the codes mean where it is a meeting that was asked for. */

static void
zoom_jointoken_refine(zoom_token_type_e what, int webinar, zoom_verdict_t *v)
{
    if (v->verdict != ZOOM_FINAL) {
        return;
    }

    switch (v->error) {

    case ZOOM_E_SCOPE_MISSING:
        v->advice = webinar ? zoom_jointoken_kinds[what].webinar_scope
                            : zoom_jointoken_kinds[what].scope;
        break;

    case ZOOM_E_USER_UNKNOWN:

        /* nobody asked for a user: it is the host whom Zoom means */

        zoom_verdict_set(v, ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED,
                         "the meeting's host has to be of this account");
        break;

    case ZOOM_E_ZOOM_REFUSED:

        /* there is nothing to validate but the id */

        if (v->code == 300) {
            v->error = ZOOM_E_MEETING_UNKNOWN;

        } else if (v->code == 3000) {
            v->advice = "switch the feature on in the host's settings";
        }

        break;

    default:
        break;
    }
}


static int64_t
zoom_jointoken_life(const json_t *root)
{
    double  life;

    if (!zoom_json_double(json_object_get(root, "expire_in"), &life)
        || life > (double) ZOOM_TIME_MAX)
    {
        return ZOOM_JOINTOKEN_LIFE;
    }

    return (life >= 1) ? (int64_t) life : 0;
}
