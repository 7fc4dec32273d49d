/*
 * The events that Zoom's webhooks tell of (docs/protocol.md, "Webhooks").
 */

#ifndef ZOOM_EVENT_H_INCLUDED
#define ZOOM_EVENT_H_INCLUDED


#include "zoom_string.h"


#define ZOOM_EVENT_NAME_MAX  64
#define ZOOM_EVENT_TEXT_MAX  1024


/* What we do something about. */

typedef enum {
    ZOOM_EVENT_OTHER = 0,
    ZOOM_EVENT_VALIDATION,       /* endpoint.url_validation */
    ZOOM_EVENT_USER_GONE,        /* deactivated, deleted, disassociated */
    ZOOM_EVENT_USER_BACK,        /* activated, invitation_accepted */
    ZOOM_EVENT_USERS_CHANGED,    /* user.created, a group's members */
    ZOOM_EVENT_MEETING_ENDED,    /* a webinar as well */
    ZOOM_EVENT_DEAUTHORIZED      /* app_deauthorized, user.deauthorized */
} zoom_event_e;


/*
 * What an event is about.  Empty where the event does not say, or says it in a
 * way that has no room.  Strings point into the body or, if they are escaped
 * there, into "text": a zoom_event_t is not to be copied.
 */

typedef struct {
    zoom_event_e          kind;
    zoom_str_t            name;          /* "meeting.ended" */

    zoom_str_t            plain_token;   /* of payload, as it is spelled */
    zoom_str_t            account_id;
    zoom_str_t            user_id;
    zoom_str_t            client_id;

    zoom_str_t            id;            /* of payload.object */
    zoom_str_t            uuid;
    zoom_str_t            email;
    zoom_str_t            host_id;

    zoom_str_t            meeting_id;    /* digits: "id", if the event is of
                                            a meeting, webinar or recording */

    size_t                used;          /* of "text" */
    unsigned char         text[ZOOM_EVENT_TEXT_MAX];
} zoom_event_t;


/*
 * Reads a body whose signature holds: whatever its size, how deep it is and
 * what else is in it, which Zoom is free to change, it is Zoom's.  Of members
 * of one name the last counts, as for other readers.  NULL, or why not: it is
 * no JSON object, or has no "event" of 1 to 64 printable ASCII characters.
 */

const char *zoom_event_read(zoom_event_t *e, zoom_str_t body);

/* 1 if it is among those that Zoom has published. */
int zoom_event_known(zoom_str_t name);

/* The published one that is spelled nearly so, or NULL. */
const char *zoom_event_nearest(zoom_str_t name);

/*
 * 1 if "name" matches "pattern", in which "*" stands for any run of bytes, also
 * none.
 */

int zoom_event_match(zoom_str_t pattern, zoom_str_t name);

/* 1 if any published one matches. */
int zoom_event_matches(zoom_str_t pattern);


/* Sorted.  Made by t/tools/events from Zoom's published list. */

extern const char *const  zoom_event_names[];
extern const size_t  zoom_event_nnames;


#endif /* ZOOM_EVENT_H_INCLUDED */
