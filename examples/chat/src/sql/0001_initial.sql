-- Times are milliseconds since 1970. What belongs to a room or a user goes with it, also when Django deletes the user.

CREATE TABLE "chat_room" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "slug" varchar(60) NOT NULL UNIQUE,
    "name" varchar(50) NOT NULL,
    "topic" varchar(200) NOT NULL,
    "created" bigint NOT NULL
);

CREATE TABLE "chat_membership" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "room_id" integer NOT NULL REFERENCES "chat_room" ("id") ON DELETE CASCADE,
    "user_id" integer NOT NULL REFERENCES "auth_user" ("id") ON DELETE CASCADE,
    "joined" bigint NOT NULL,
    -- The newest message that the member has seen.
    "last_read" integer NOT NULL,
    UNIQUE ("room_id", "user_id")
);
CREATE INDEX "chat_membership_user" ON "chat_membership" ("user_id");

-- Never reuses an id: clients resume from the last id that they know.
CREATE TABLE "chat_message" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "room_id" integer NOT NULL REFERENCES "chat_room" ("id") ON DELETE CASCADE,
    "sender_id" integer NOT NULL REFERENCES "auth_user" ("id") ON DELETE CASCADE,
    -- Who alone may read it; without one, all members.
    "recipient_id" integer NULL REFERENCES "auth_user" ("id") ON DELETE CASCADE,
    "kind" varchar(10) NOT NULL,
    "text" text NOT NULL,
    "created" bigint NOT NULL
);
CREATE INDEX "chat_message_room" ON "chat_message" ("room_id", "id");

CREATE TABLE "chat_process" (
    "id" varchar(36) NOT NULL PRIMARY KEY,
    -- Its last heartbeat.
    "seen" bigint NOT NULL
);

-- An open connection. It counts as long as its process lives.
CREATE TABLE "chat_presence" (
    "connection" varchar(100) NOT NULL PRIMARY KEY,
    "process_id" varchar(36) NOT NULL REFERENCES "chat_process" ("id") ON DELETE CASCADE,
    "room_id" integer NOT NULL REFERENCES "chat_room" ("id") ON DELETE CASCADE,
    "user_id" integer NOT NULL REFERENCES "auth_user" ("id") ON DELETE CASCADE
);
CREATE INDEX "chat_presence_room" ON "chat_presence" ("room_id", "user_id");
CREATE INDEX "chat_presence_process" ON "chat_presence" ("process_id");
