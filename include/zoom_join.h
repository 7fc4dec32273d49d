/*
 * The join kit: who wants to join which meeting under what name, and all that
 * join() of Zoom's Meeting SDK for the web takes (docs/protocol.md, "Meeting
 * SDK").
 *
 * What it takes and what it refuses was seen in npm's @zoom/meetingsdk 6.2.0,
 * 5.1.4, 4.1.0 and 3.13.2, each run in Chromium up to its first request.  The
 * client view, ZoomMtg.join(), refuses a parameter that it does not know (error
 * 3), zak beside obfToken (3636) and values that are out of bounds (4003); the
 * component view, join() of a ZoomMtgEmbedded client, an empty userName and zak
 * beside obfToken.  What is let in here is refused by neither.
 */

#ifndef ZOOM_JOIN_H_INCLUDED
#define ZOOM_JOIN_H_INCLUDED


#include "zoom_error.h"
#include "zoom_json.h"
#include "zoom_sdk.h"
#include "zoom_string.h"


/*
 * A passcode, an address and a customer's key are measured as the client view
 * does it: a character of ASCII's counts once, any other unit of UTF-16 twice.
 * A key that is longer is cut by both views, and is another one then.  A name
 * may be of 128 so counted; this many units are that at most.
 */

#define ZOOM_JOIN_NAME_MAX      64      /* units of UTF-16 */
#define ZOOM_JOIN_PASSCODE_MAX  32
#define ZOOM_JOIN_EMAIL_MAX     100
#define ZOOM_JOIN_CUSTOMER_MAX  36
#define ZOOM_JOIN_URL_MAX       2048    /* bytes */
#define ZOOM_JOIN_TK_MAX        512     /* bytes */

/* always enough for an answer, beside the tokens in it */
#define ZOOM_JOIN_ANSWER_MAX    8192


/* What is asked for; the order of the names in zoom_join_name(). */

typedef enum {
    ZOOM_JOIN_URL = 0,
    ZOOM_JOIN_NUMBER,
    ZOOM_JOIN_PASSCODE,
    ZOOM_JOIN_NAME,
    ZOOM_JOIN_EMAIL,
    ZOOM_JOIN_CUSTOMER,
    ZOOM_JOIN_TK,
    ZOOM_JOIN_ROLE,
    ZOOM_JOIN_VIEW,

    ZOOM_JOIN_LAST
} zoom_join_e;


/* Whose join() is to take the kit: they differ in the passcode's name. */

typedef enum {
    ZOOM_JOIN_CLIENT = 0,
    ZOOM_JOIN_COMPONENT
} zoom_join_view_e;


/* Which of a user's tokens a kit has: join() takes one. */

typedef enum {
    ZOOM_JOIN_AUTO = 0,
    ZOOM_JOIN_ZAK,
    ZOOM_JOIN_ONBEHALF,

    ZOOM_JOIN_NO_CHOICE
} zoom_join_choice_e;


typedef struct {
    zoom_str_t            sent[ZOOM_JOIN_LAST];  /* borrowed; where empty the
                                                    data is NULL: not sent */

    zoom_str_t            meeting;       /* digits */
    zoom_str_t            passcode;      /* empty: none is known */
    zoom_str_t            tk;            /* of a registrant */
    zoom_sdk_role_e       role;          /* that was asked for */
    zoom_join_view_e      view;
} zoom_join_t;


/* What the answer has beside; what is empty is left out of it. */

typedef struct {
    zoom_str_t            signature;
    zoom_str_t            sdk_key;
    zoom_str_t            zak;
    zoom_str_t            obf;
    zoom_str_t            recording;     /* token for a local recording */
} zoom_join_kit_t;


/*
 * "meeting_url", "meeting_number", "passWord", "userName", "userEmail",
 * "customerKey", "tk", "role", "view".
 */

const char *zoom_join_name(zoom_join_e what);

void zoom_join_init(zoom_join_t *join);

/*
 * Takes one value, decoded, of a form or of JSON; nothing is as good as not
 * sent, but for a userName.  It is borrowed: it must live as long as "join".
 * NULL on success, else why not (400 bad_callback), a predicate without the
 * value and without characters that JSON would escape: not UTF-8; characters
 * that control a line or its direction, also those above U+0080; longer than
 * the bounds above; an empty userName; "<script>" or "</script>", small or
 * large, where the client view looks for it; a userEmail that it takes for
 * none; a number that is not 9 to 11 digits, in groups or not; a role that is
 * neither 0 nor 1; a view that is neither "client" nor "component".
 */

const char *zoom_join_set(zoom_join_t *join, zoom_join_e what,
    zoom_str_t value);

/*
 * Takes all of them out of a scanned body.  Strings are decoded into "b",
 * which needs room for as many bytes as the body has, and must live as long as
 * "join".  meeting_number and role may be numbers, too; a null counts as not
 * sent, for a userName as well; unknown members are ignored.  NULL or why not,
 * as above.
 */

const char *zoom_join_read(zoom_join_t *join, const zoom_json_doc_t *doc,
    zoom_buf_t *b);

/*
 * When all is set: which meeting it is, and what the link has beside.  That is
 * written to "b", which needs ZOOM_JOIN_URL_MAX bytes and must live as long
 * as "join".  A passcode or tk that was sent counts more than the link's, and
 * one of the link's that would be refused if it were sent is left out.
 * ZOOM_OK, ZOOM_E_NO_MEETING if neither a number nor a link with one was sent,
 * ZOOM_E_BAD_CALLBACK if the link is not one to the meeting of the number;
 * "*why" then tells, as above.
 */

zoom_error_e zoom_join_end(zoom_join_t *join, zoom_buf_t *b,
    const char **why);

/* "auto", "zak" or "onbehalf"; else ZOOM_JOIN_NO_CHOICE. */
zoom_join_choice_e zoom_join_choice(zoom_str_t word);

/*
 * For a kit in this role that could have either token: which one to get, or
 * ZOOM_JOIN_AUTO, if it is to be seen which one comes.  A host needs the ZAK.
 */

zoom_join_choice_e zoom_join_choose(zoom_join_choice_e choice,
    zoom_sdk_role_e role);

/*
 * Empties one of "zak" and "obf" where the kit has both.  A ZAK opens meetings
 * of the own account; outside of it Zoom wants an OBF token since March 2026.
 * A recording token is given for meetings of the account alone, so that a kit
 * that has one is for such a meeting, and keeps the ZAK.
 */

void zoom_join_settle(zoom_join_kit_t *kit);

/*
 * Appends the answer, a JSON object with the names that join() has for them,
 * and without any that it does not know; "role" is in the signature.  A
 * passcode is always there, as "passWord" or, for the component view,
 * "password", since the client view refuses that name and the component view
 * does not look at the other.  "kit" has been settled.  What a stranger chose
 * is escaped, "<", ">" and "&" as well.
 */

void zoom_join_answer(zoom_buf_t *b, const zoom_join_t *join,
    const zoom_join_kit_t *kit);


#endif /* ZOOM_JOIN_H_INCLUDED */
