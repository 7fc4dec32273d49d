/*
 * Users of an account, as Zoom's API lists them and makes them:
 * docs/protocol.md, "Users".
 */

#ifndef ZOOM_USERS_H_INCLUDED
#define ZOOM_USERS_H_INCLUDED


#include "zoom_response.h"
#include "zoom_string.h"
#include "zoom_user.h"


/* The largest page that is read, bytes, and the longest token of a next one. */

#define ZOOM_USERS_PAGE_MAX   (1024 * 1024)
#define ZOOM_USERS_TOKEN_MAX  1024


/*
 * One of a list: a user, or a group.  What is missing, no string, or longer
 * than any may be is empty.
 */

typedef struct {
    zoom_str_t            id;
    zoom_str_t            email;
    zoom_str_t            name;      /* of a group */
    zoom_str_t            status;    /* of a user */
} zoom_users_item_t;

typedef void (*zoom_users_item_pt)(void *data, const zoom_users_item_t *item);


typedef struct {
    unsigned              items;
    size_t                token_len;     /* 0: this was the last page */
    unsigned char         token[ZOOM_USERS_TOKEN_MAX];
} zoom_users_page_t;


/*
 * Reads a page of the list "list" ("users", "members", "groups"); each item
 * that is an object goes to "item", whose strings live till it returns.  NULL,
 * or what is wrong with it.  Characters in "text" that would spoil all of it, a
 * half of one in somebody's name, are replaced.
 */

const char *zoom_users_page(zoom_users_page_t *page, unsigned char *text,
    size_t len, const char *list, zoom_users_item_pt item, void *data);


/* What came of POST /users, and of GET /users/{userId}. */

typedef enum {
    ZOOM_USERS_ACTIVE = 0,   /* 201: it has been made; 200: it is active */
    ZOOM_USERS_EXISTS,       /* 409/1005, 400/1009 */
    ZOOM_USERS_INACTIVE,
    ZOOM_USERS_PENDING,      /* the invitation is not accepted, 400/1120 */
    ZOOM_USERS_UNKNOWN,      /* 404/1001, 1010 */
    ZOOM_USERS_FULL,         /* no more licences: 2033, 2034, 2038, 3412 */
    ZOOM_USERS_EXPIRED,      /* 400/300, of a list the token of a page */
    ZOOM_USERS_REFUSED
} zoom_users_e;

typedef struct {
    zoom_users_e          result;
    int                   code;      /* Zoom's, 0 if none */
    size_t                id_len;
    unsigned char         id[ZOOM_USER_ID_MAX];
    unsigned char         message[ZOOM_MESSAGE_MAX + 1];     /* for a log */
} zoom_users_answer_t;

void zoom_users_answer(zoom_users_answer_t *a, int status, zoom_str_t body);


/*
 * Appends the body of a POST /users; "action" is Zoom's word, "type" its
 * number.  "b" needs room for 96 bytes, the action and twice the e-mail.
 */

void zoom_users_create(zoom_buf_t *b, zoom_str_t action, zoom_str_t email,
    unsigned type);

/*
 * Appends a pattern with its "%d" replaced by the number.  "b" needs room for
 * the pattern and 10 bytes.
 */

void zoom_users_numbered(zoom_buf_t *b, zoom_str_t pattern, unsigned n);


#endif /* ZOOM_USERS_H_INCLUDED */
