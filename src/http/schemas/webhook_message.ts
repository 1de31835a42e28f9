import * as z from 'zod';
import { TEST_TYPE } from '../../service/webhook.ts';
import { Timestamp } from './scalar.ts';

/** What a webhook is sent on POST …/test: a CloudEvent of no event, so without a sequence. */
export const WebhookTestMessage = z
  .strictObject({
    specversion: z.literal('1.0').meta({ description: 'The version of CloudEvents.' }),
    id: z.string().meta({ description: 'The `webhook-id`, which is the id of the delivery.' }),
    source: z.literal('/v1/webhooks').meta({ description: 'A test comes of no host.' }),
    type: z.literal(TEST_TYPE).meta({ description: 'By this a receiver tells it from an event.' }),
    subject: z.string().meta({ description: 'The webhook, as webhooks/id.' }),
    time: Timestamp.meta({ description: 'When it was asked for.' }),
    datacontenttype: z.literal('application/json').meta({ description: 'The media type of the data.' }),
    data: z.strictObject({}).meta({ description: 'Empty.' }),
  })
  .meta({ description: 'What a webhook is sent to test it: CloudEvents 1.0, of no event.' });
