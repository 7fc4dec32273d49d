/*
 * The tokens that a bot joins a meeting with: their names, and what Zoom wants
 * to know for each.
 *
 * Sources: Zoom's OpenAPI documents for users and meetings (paths, rate limit
 * labels, granular and classic scopes), Attendee's and MeetStream's
 * documentation of token callbacks (the names in an answer); see
 * docs/protocol.md.
 */

#ifndef ZOOM_TOKEN_TYPE_H_INCLUDED_
#define ZOOM_TOKEN_TYPE_H_INCLUDED_


#include "zoom_limit.h"
#include "zoom_string.h"


typedef enum {
    ZOOM_ZAK = 0,
    ZOOM_ONBEHALF,
    ZOOM_LOCAL_RECORDING,
    ZOOM_LIVE_STREAMING,
    ZOOM_LOCAL_ARCHIVING,
    ZOOM_NTOKEN_TYPES
} zoom_token_type_e;


typedef struct {
    const char           *name;      /* in a configuration: "zak" */
    const char           *title;     /* for people: "ZAK" */
    const char           *member;    /* of an answer: "zak_token" */
    const char           *plain;     /* of one to MeetStream, or NULL */
    zoom_label_e          label;     /* the limit that a mint counts against */
    const char *const    *scopes;    /* any of them lets an app mint it, NULL
                                        ends them; the first is the one to
                                        advise */
    unsigned              of_user:1;
    unsigned              of_meeting:1;
    unsigned              once:1;    /* good for one bot: never stored, never
                                        given to two that wait together */
} zoom_token_type_t;


extern const zoom_token_type_t  zoom_token_types[ZOOM_NTOKEN_TYPES];


/* The type of that name; ZOOM_NTOKEN_TYPES if there is none. */
zoom_token_type_e zoom_token_type_find(zoom_str_t name);

/*
 * Whether no user answers for it: it opens any meeting of the account to
 * whoever holds it.
 */

int zoom_token_type_guarded(zoom_token_type_e type);

/*
 * Which types an app can't mint that has these scopes, separated by blanks or
 * commas: a bit each, (1 << type).  A scope for webinars alone is one that
 * does: which meetings an app is for only its callers know.
 */

unsigned zoom_token_types_lack(zoom_str_t scopes);


#endif /* ZOOM_TOKEN_TYPE_H_INCLUDED_ */
